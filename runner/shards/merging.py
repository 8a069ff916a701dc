"""
The outputs of several runs of one matrix -> the results of all of them. Pure.

A cell that several have is what the later run says, unless that could not judge it; where they disagree, it is said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.judgement import NOTHING_TO_LOAD
from runner.model import Matrix
from runner.plan import Filters, plan
from runner.record import EnvironmentRecord, Phase, Record, Status
from runner.results import Results, Run
from runner.shards.agreement import Output, check_cells, check_pins, check_runs, differing, disagreeing
from runner.verdict import answer, completed


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """
    What several runs make together.

    Attributes:
        folders: Where each cell is from, by its id.
        notes: What one should know of it, in sentences.
    """

    results: Results
    pins: Mapping[str, str]
    folders: Mapping[str, Path]
    notes: tuple[str, ...]


def merge(outputs: Sequence[Output], matrix: Matrix) -> Merged:
    """
    Put the outputs of several runs together.

    Raises:
        UsageError: If they are not of this matrix, of one version of crossload and of the same environments.
    """
    check_runs(outputs, matrix)
    check_pins(outputs)
    by_start = sorted(outputs, key=lambda output: output.results.run.started)
    found, folders = _latest(by_start)
    order = [cell.id for cell in plan(matrix, Filters()).cells]
    check_cells(folders, order)
    wanted = {name for output in outputs for name in _wanted(output, matrix)}
    missing = tuple(name for name in order if name in wanted and name not in found)
    return Merged(
        results=_results(
            replace(_run([output.results.run for output in by_start]), missing=missing),
            _environments(by_start, matrix),
            [found[name] for name in order if name in found],
        ),
        pins={name: text for output in by_start for name, text in output.pins.items()},
        folders=folders,
        notes=(*disagreeing(outputs), *differing(outputs)),
    )


def _latest(by_start: Sequence[Output]) -> tuple[dict[str, Record], dict[str, Path]]:
    """Return each cell as it was last judged, and where that is from."""
    found: dict[str, Record] = {}
    folders: dict[str, Path] = {}
    for output in by_start:
        for cell in output.results.cells:
            if cell.id not in found or cell.status is not Status.ERROR:
                found[cell.id], folders[cell.id] = cell, output.folder
    return found, folders


def _results(run: Run, environments: Mapping[str, EnvironmentRecord], records: Sequence[Record]) -> Results:
    cells = completed(_rooted(records))
    return Results(run=run, environments=environments, cells=cells, answer=answer(cells, environments))


def _wanted(output: Output, matrix: Matrix) -> Iterable[str]:
    """Return the cells that the run was a part of, or all that it was to do."""
    run = output.results.run
    if run.shard:
        return [cell.id for cell in plan(matrix, run.filters).cells]
    return [*(cell.id for cell in output.results.cells), *run.missing]


def _run(runs: Sequence[Run]) -> Run:
    """Return one run for several: it began with the first, and took as long as the longest, as if side by side."""
    filters = {run.filters for run in runs}
    return replace(
        runs[0],
        seconds=max(run.seconds for run in runs),
        host=_host([run.host for run in runs]),
        filters=runs[0].filters if len(filters) == 1 else Filters(),
        shard=None,
    )


def _host(hosts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is known of all the machines: what they have in common, or what each has."""
    known = {
        name: [host.get(name) for host in hosts] for name in dict.fromkeys(name for host in hosts for name in host)
    }
    return {
        name: values[0] if all(value == values[0] for value in values) else ", ".join(dict.fromkeys(map(str, values)))
        for name, values in known.items()
    }


def _environments(outputs: Sequence[Output], matrix: Matrix) -> dict[str, EnvironmentRecord]:
    """Return each environment as it was last made; where that failed once and not always, as it was made."""
    found: dict[str, EnvironmentRecord] = {}
    for output in outputs:
        for name, made in output.results.environments.items():
            if name not in found or made.status == "ready" or found[name].status != "ready":
                found[name] = made
    return {spec.name: found[spec.name] for spec in matrix.environments if spec.name in found}


def _rooted(cells: Sequence[Record]) -> Iterator[Record]:
    """Yield the cells; of those that failed as one save did, one is the root, and the others are blocked by it."""
    roots: dict[tuple[str, str, str], Record] = {}
    for cell in sorted(cells, key=lambda cell: cell.load != cell.save):
        if _is_of_save(cell) and cell.status is not Status.BLOCKED:
            roots.setdefault((cell.scenario, cell.format, cell.save), cell)
    for cell in cells:
        root = roots.get((cell.scenario, cell.format, cell.save))
        yield _blocked(cell, root) if root and _is_of_save(cell) and cell is not root else cell


def _is_of_save(cell: Record) -> bool:
    return cell.phase is Phase.SAVE and cell.status not in {Status.UNSUPPORTED, Status.ERROR}


def _blocked(cell: Record, root: Record) -> Record:
    return replace(
        cell,
        status=Status.BLOCKED,
        cause=root.cause,
        causes=(root.cause,) if root.cause else (),
        explanation=f"{NOTHING_TO_LOAD}{root.explanation}",
        sources=root.sources,
        exception=None,
        root=root.id,
        attempts=0,
        seconds=0.0,
        peak_rss_mb=None,
        log=None,
    )
