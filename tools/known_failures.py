"""
Run the known failures, and write what was seen into a table.

docs/known_failures.yaml says which cells of scenarios/known_failures.yaml are to show which of them; what comes out
goes into docs/known_failures.md, whether or not it is what was expected::

    python tools/known_failures.py --jobs 2
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import yaml
from pydantic import ConfigDict, TypeAdapter
from rich.console import Console

from runner.cache import cache_folder
from runner.environments.nox import NoxBuilder
from runner.errors import RunnerError
from runner.execution.run import execute
from runner.execution.settings import Options
from runner.fingerprint import first_line
from runner.matrix import read_matrix
from runner.model import Backend
from runner.plan import Filters, Plan, plan
from runner.progress import display
from runner.record import Cause, Record, Status
from runner.report.text import code, explained, general, prose, shortened
from runner.results import read_journal
from runner.verdict import completed

HERE = Path(__file__).parents[1]
MATRIX = HERE / "scenarios" / "known_failures.yaml"
ENTRIES = HERE / "docs" / "known_failures.yaml"
TABLE = HERE / "docs" / "known_failures.md"
WIDTH = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A cell, by its id, and how it is expected to come out."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    cell: str
    status: Status
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    A known failure.

    Attributes:
        cells: What shows it; empty if it was not tried, for the reason that the note gives.
        note: What the runs taught besides.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    title: str
    cells: tuple[Wanted, ...] = ()
    note: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write the table, and say how many entries came out as expected."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, help="how many cells run at a time (default: 2)")
    parser.add_argument("--output", type=Path, default=HERE / "reports" / "known_failures", help="journal and logs")
    parser.add_argument("--table", type=Path, default=TABLE, help="the file to write (default: docs/known_failures.md)")
    parsed = parser.parse_args(arguments)
    try:
        entries = read_entries(ENTRIES)
        records = run(chosen(entries), parsed.output, parsed.jobs)
    except RunnerError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    parsed.table.write_text("\n".join(table(entries, records)) + "\n", encoding="utf-8")
    print(f"{counted(entries, records)} {parsed.table} says how.")
    return 0


def read_entries(path: Path) -> tuple[Entry, ...]:
    """Read the entries."""
    return TypeAdapter(tuple[Entry, ...]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


def chosen(entries: Sequence[Entry]) -> Plan:
    """
    Return the plan of the matrix, reduced to the cells that the entries name.

    Raises:
        RunnerError: If a name is that of no cell.
    """
    whole = plan(read_matrix(MATRIX), Filters())
    names = {wanted.cell for entry in entries for wanted in entry.cells}
    if unknown := names - {cell.id for cell in whole.cells}:
        raise RunnerError(f"{ENTRIES} names cells that {MATRIX} does not have: {', '.join(sorted(unknown))}.")
    saves = {save: tuple(cell for cell in cells if cell.id in names) for save, cells in whole.saves.items()}
    return replace(
        whole,
        cells=tuple(cell for cell in whole.cells if cell.id in names),
        saves={save: cells for save, cells in saves.items() if cells},
    )


def run(wanted: Plan, output: Path, jobs: int) -> Mapping[str, Record]:
    """Run a plan as the command line does, and return its records by id."""
    cache = cache_folder()
    how = Options(cache=cache, output=output, jobs=jobs)
    known = read_journal(output / "results.jsonl")
    with display(Console(stderr=True), cells=len(wanted.cells)) as shown:
        executed = asyncio.run(execute(wanted, {Backend.NOX: NoxBuilder(cache)}, known, how, shown))
    return {record.id: record for record in completed(executed.records)}


def is_reproduced(entry: Entry, records: Mapping[str, Record]) -> bool:
    """Say whether each of an entry's cells came out as expected."""
    seen = [(wanted, records[wanted.cell]) for wanted in entry.cells]
    return bool(seen) and all((wanted.status, wanted.cause) == (found.status, found.cause) for wanted, found in seen)


def counted(entries: Sequence[Entry], records: Mapping[str, Record]) -> str:
    """Say how many entries were reproduced."""
    tried = [entry for entry in entries if entry.cells]
    found = sum(is_reproduced(entry, records) for entry in tried)
    rest = len(entries) - len(tried)
    return f"Of {len(entries)} known failures {found} were reproduced, {len(tried) - found} were not, {rest} not tried."


def table(entries: Sequence[Entry], records: Mapping[str, Record]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "# Known failures, and what was seen of them"
    yield ""
    yield f"{counted(entries, records)} Written by `nox -s known_failures`, which runs the cells of"
    yield "[known_failures.yaml](known_failures.yaml) in the environments of"
    yield "[scenarios/known_failures.yaml](../scenarios/known_failures.yaml). A cell is `scenario.format@save->load`."
    yield ""
    yield "| known failure | outcome | cell | what was seen |"
    yield "| --- | --- | --- | --- |"
    for entry in entries:
        yield from rows(entry, records)


def rows(entry: Entry, records: Mapping[str, Record]) -> Iterator[str]:
    """Yield the rows of one entry: one for each cell, the first with its name."""
    name = f"**{entry.id}**: {prose(entry.title)}"
    note = f"<br>{explained(entry.note)}" if entry.note else ""
    if not entry.cells:
        yield f"| {name} | not tried | | {explained(entry.note)} |"
    outcome = "reproduced" if entry.cells and is_reproduced(entry, records) else "not reproduced"
    for place, wanted in enumerate(entry.cells):
        first = (name + note, outcome) if place == 0 else ("", "")
        yield f"| {first[0]} | {first[1]} | {in_table(code(wanted.cell))} | {seen(wanted, records[wanted.cell])} |"


def seen(wanted: Wanted, record: Record) -> str:
    """Say how a cell came out, and, where that is something else, what was expected."""
    words = f"`{record.status}`" + (f", `{record.cause}`" if record.cause else "")
    if (wanted.status, wanted.cause) != (record.status, record.cause):
        words += f" (expected: `{wanted.status}`" + (f", `{wanted.cause}`)" if wanted.cause else ")")
    said = f"{in_table(code(shortened(general(first_line(record.exception)), WIDTH)))} " if record.exception else ""
    warned = " ".join(prose(warning.text) for warning in record.warnings)
    return " ".join(filter(None, [f"{words}.", said + explained(record.explanation), warned]))


def in_table(span: str) -> str:
    """Return a code span that does not end the cell of a table."""
    return span.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
