"""The figures as text: benchmarks/results.md, and the same tables between two comments of the README."""

import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tabulate import tabulate

from benchmarks.beginning import Begun
from benchmarks.cells import Cost
from benchmarks.containers import Costs
from benchmarks.loop import Against
from runner.model import Backend
from runner.options import cores
from runner.writing import write_text

RESULTS = Path(__file__).with_name("results.md")
README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"(?<=<!-- benchmark -->\n).*?(?=<!-- /benchmark -->)", re.DOTALL)
_TITLE = "# Benchmark\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What was measured; empty where it was not."""

    against: Sequence[Against] = ()
    begun: Sequence[Begun] = ()
    costs: Sequence[Cost] = ()
    backends: Mapping[Backend, Costs] = field(default_factory=dict)


def write(results: Results) -> None:
    """Write benchmarks/results.md, and its tables into the README."""
    tables = f"\n{text(results)}\n"
    write_text(RESULTS, _TITLE + tables)
    write_text(README, BLOCK.sub(lambda _: tables, README.read_text(encoding="utf-8")))


def tables_of(results: str) -> str:
    """Return what results.md has below its title."""
    return results.removeprefix(_TITLE)


def text(results: Results) -> str:
    """Return all tables, and what they say."""
    made = datetime.now(UTC).strftime("%Y-%m-%d")
    machine = f"{cores()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    parts = (
        _against(results.against),
        _begun(results.begun),
        _costs(results.costs),
        _backends(results.backends),
    )
    return "\n\n".join([f"`nox -s benchmark`, {made}, {machine}. Seconds of wall-clock time.", *filter(None, parts)])


def _against(found: Sequence[Against]) -> str:
    says = (
        "Against (a) a nox loop that starts a Python for every save and every load, and against (c) one import of"
        " TensorFlow for each environment plus the time inside TensorFlow's own calls, over the cores; environments"
        " ready. MiB of the largest process:"
    )
    header = (
        "what",
        "saves",
        "cells",
        "(a) plain",
        "(b) crossload",
        "(c) limit",
        "(a)/(b)",
        "(b)/(c)",
        "MiB",
        "(a)'s MiB",
    )
    return _table(says, header, map(_row, found))


def _row(found: Against) -> list[object]:
    plain = f"{found.plain:.0f}" if found.plain else ""
    faster = f"{found.plain / found.ours:.1f}" if found.plain else ""
    seconds = (plain, f"{found.ours:.1f}", f"{found.limit:.1f}", faster, f"{found.ours / found.limit:.2f}")
    return [found.what, found.saves, found.cells, *seconds, found.ours_mb, found.plain_mb or ""]


def _begun(found: Sequence[Begun]) -> str:
    says = "From nothing, and from what is there: the h5 of one scenario in all environments of the shipped matrix:"
    rows = ([each.there, f"{each.first:.1f}" if each.first else "", f"{each.everything:.1f}"] for each in found)
    return _table(says, ("what there is", "first cell judged", "all, with the reports"), rows)


def _costs(found: Sequence[Cost]) -> str:
    says = (
        "What a cell costs the runner itself, with a stand-in for TensorFlow in four environments. CPU and MiB are of"
        " the runner alone, on average and over the 500 cells in a row that were disturbed least; the run and the same"
        " run again are whole programs, reports included:"
    )
    header = (
        "cells",
        "CPU a cell, ms",
        "at least",
        "CPU to start, s",
        "CPU of reports, s",
        "run, s",
        "unchanged, s",
        "MiB",
    )
    rows = (
        [
            *(
                f"{each.cells:,}",
                f"{each.cpu_ms:.2f}",
                f"{each.least_ms:.2f}",
                f"{each.start:.2f}",
                f"{each.reports:.2f}",
            ),
            *(f"{each.seconds:.1f}", f"{each.again:.1f}", each.peak_mb),
        ]
        for each in found
    )
    return _table(says, header, rows)


def _backends(found: Mapping[Backend, Costs]) -> str:
    says = (
        "What containers cost: until the server of tf2.21 is ready, with nothing there, with packages in uv's cache,"
        " and installed; and a cell of `dense` and `lstm` in three environments, the best of three:"
    )
    header = ("backend", "nothing there", "packages", "installed", "a cell", "of nox's")
    rows = (
        [
            *(str(backend), f"{each.cold:.1f}", f"{each.warm:.1f}", f"{each.at_hand:.1f}", f"{each.cell:.3f}"),
            f"{each.cell / found[Backend.NOX].cell:.2f}",
        ]
        for backend, each in found.items()
    )
    return _table(says, header, rows)


def _table(says: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a sentence and its table; nothing if it has no rows."""
    made = list(rows)
    return f"{says}\n\n{tabulate(made, header, tablefmt='github', disable_numparse=True)}" if made else ""
