"""A run meets its baseline: which file that is, what it says of the results, and what becomes of it."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from runner.baseline import Baseline, Gate, judge
from runner.baseline.accepting import accepted
from runner.baseline.document import read_baseline, write_baseline
from runner.baseline.globs import Where
from runner.errors import UsageError
from runner.model import Matrix
from runner.plan import Filters, plan
from runner.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A baseline and its file, which may not be there yet."""

    path: Path
    baseline: Baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    Results held against a baseline.

    Attributes:
        path: The baseline's file.
        results: With `expected` and `accepted` as it says.
        gate: What came out otherwise than the baseline says.
        before: The same before `--accept` changed the baseline; None if it did not.
    """

    path: Path
    results: Results
    gate: Gate
    before: Gate | None = None


def stored(path: Path | None, matrix: Path, *, accept: bool) -> Stored | None:
    """
    Read the baseline: the one that is named, else ``reports/baseline.yaml`` beside the matrix if it is there.

    Args:
        accept: Whether one that is not there is about to be written.

    Raises:
        UsageError: If it is wrong, or one was named that is not there.
    """
    found = path or matrix.parent / "reports" / "baseline.yaml"
    if found.exists():
        return Stored(path=found, baseline=read_baseline(found))
    if accept:
        return Stored(path=found, baseline=Baseline())
    if path:
        raise UsageError(f"There is no baseline {path}. With --accept it is written.")
    return None


def hold(results: Results, against: Stored, matrix: Matrix, today: date, *, accept: bool) -> Held:
    """
    Hold results against a baseline; with `accept`, make it say what they say first.

    Raises:
        OutputError: If it cannot be written.
    """
    universe = places(matrix)
    gate = judge(results.cells, against.baseline, today, universe)
    if accept:
        written = accepted(results.cells, against.baseline, today, universe)
        if written != against.baseline or not against.path.exists():
            write_baseline(written, against.path)
            written = read_baseline(against.path)
        before, gate = gate, judge(results.cells, written, today, universe)
    return Held(
        path=against.path,
        results=replace(results, cells=gate.cells),
        gate=gate,
        before=before if accept else None,
    )


def places(matrix: Matrix) -> dict[str, Where]:
    """Return every cell of a matrix by its name."""
    cells = plan(matrix, Filters()).cells
    return {cell.id: Where(cell.id, cell.scenario.name, cell.format, cell.save.name, cell.load.name) for cell in cells}
