"""
Save x load grids: one row for each environment that saved, one column for each that loaded, both the oldest first.

Right of the diagonal are the upgrades, left of it the ways back.
"""

from collections.abc import Iterable, Mapping, Sequence

import pandas

from runner.record import Record, Status
from runner.results import Results
from runner.verdict import GOOD, by_age, is_unrelated

LEGEND = {
    "✓": "passes: outputs and weights agree",
    "✓!": "passes, but something else was lost: see the warnings",
    "≠ drift": "loads and runs, and gives something else: the silent failure",
    "✗ load": "fails with a Python error, here at load; the others are save, predict and train",
    "✗ crash": "the process died",
    "✗ timeout": "ended at its limit of seconds",
    "⊘ blocked": "nothing to load, because saving failed",
    "n/a": "unsupported: declared so by the matrix or the scenario",
    "? error": "not judged: the environment or the machine failed",
}
"""What the words in a grid of outcomes mean."""

_WORDS = {
    Status.PASS: "✓",
    Status.DRIFT: "≠ drift",
    Status.CRASH: "✗ crash",
    Status.TIMEOUT: "✗ timeout",
    Status.BLOCKED: "⊘ blocked",
    Status.UNSUPPORTED: "n/a",
    Status.ERROR: "? error",
}


def ages(results: Results) -> tuple[str, ...]:
    """Return every environment that the results name, the oldest first, and last those of which they say no more."""
    named = (name for cell in results.cells for name in (cell.save, cell.load))
    return tuple(dict.fromkeys([*by_age(results.environments), *named]))


def tallies(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Return the number of cells by status (columns, zeros included) of each pair of environments that has cells."""
    return pandas.crosstab([frame["save"], frame["load"]], frame["status"].astype(str)).reindex(
        columns=[status.value for status in Status], fill_value=0
    )


def tally(counts: "pandas.Series[int]") -> str:
    """Return a pair of environments in short: ``31/44`` pass; ``≠`` if some drift, ``?`` if some are not judged."""
    total = int(counts.sum() - counts[Status.UNSUPPORTED.value])
    if not total:
        return "n/a"
    if counts[Status.ERROR.value] == total:
        return "? error"
    marks = "≠" * bool(counts[Status.DRIFT.value]) + "?" * bool(counts[Status.ERROR.value])
    return f"{counts[Status.PASS.value]}/{total}{marks}"


def summary(frame: pandas.DataFrame, order: Sequence[str]) -> pandas.DataFrame:
    """Return the grid over all scenarios, a tally in each cell."""
    table = tallies(frame)
    return _grid({pair: tally(counts) for pair, (_, counts) in zip(table.index, table.iterrows(), strict=True)}, order)


def outcomes(frame: pandas.DataFrame, order: Sequence[str]) -> pandas.DataFrame:
    """Return the grid of one scenario and format, a word of the legend in each cell."""
    pairs = zip(frame["save"], frame["load"], strict=True)
    words = (_word(*cell) for cell in zip(frame["status"], frame["phase"], frame["warnings"], strict=True))
    return _grid(dict(zip(pairs, words, strict=True)), order)


def outcome(cell: Record) -> str:
    """Return the word of the legend for one cell."""
    return _word(cell.status, cell.phase, " ".join(warned.kind for warned in cell.warnings))


def broken(cells: Iterable[Record]) -> frozenset[tuple[str, str]]:
    """Return the pairs of environments in which something fails that may pass where it was saved."""
    good = {Status.ERROR, *GOOD}
    return frozenset((cell.save, cell.load) for cell in cells if cell.status not in good and not is_unrelated(cell))


def _word(status: str, phase: object, warnings: str) -> str:
    """Return the word of the legend for one cell."""
    if status == Status.FAIL:
        return f"✗ {phase}" if isinstance(phase, str) else "✗ fail"
    return _WORDS[Status(status)] + "!" * (status == Status.PASS and bool(warnings))


def _grid(texts: Mapping[tuple[str, str], str], order: Sequence[str]) -> pandas.DataFrame:
    """Return the texts by save (rows) and load (columns); environments without any are left out."""
    saves = [name for name in order if name in {save for save, _ in texts}]
    loads = [name for name in order if name in {load for _, load in texts}]
    rows = [[texts.get((save, load), "") for load in loads] for save in saves]
    return pandas.DataFrame(rows, index=saves, columns=loads, dtype=object)
