"""Cells that did not come out alike each time."""

from collections.abc import Iterable, Iterator

from runner.record import Record
from runner.report.fitting import Fold, Part
from runner.report.text import clean, code, prose, shortened
from runner.report.words import flaky, unsteady
from runner.results import Results

_AT_ONCE = 20
_LONGEST = 600


def told(results: Results) -> Iterator[Part]:
    """Yield the cells, and what came of each try."""
    found = unsteady(results.cells)
    if not found:
        return
    yield "## Flaky cells"
    yield f"{flaky(found)} What came twice counts, else the worst. None is settled: the next run tries them again."
    lines = tuple(map(_line, found))
    yield "\n".join(lines[:_AT_ONCE])
    if lines[_AT_ONCE:]:
        yield Fold(title=f"{len(lines) - _AT_ONCE:,} more", parts=tuple(_chunks(lines[_AT_ONCE:])))


def _line(cell: Record) -> str:
    return f"- {code(cell.id)}: {cell.status}. {prose(said(cell))}"


def said(cell: Record) -> str:
    """Return what came of each try of a cell, in a line; nothing where they came out alike."""
    texts = (clean(warned.text) for warned in cell.warnings if cell.tries and warned.kind == "flaky")
    return shortened(" ".join(texts), _LONGEST)


def _chunks(lines: tuple[str, ...]) -> Iterable[str]:
    return ("\n".join(lines[place : place + _AT_ONCE]) for place in range(0, len(lines), _AT_ONCE))
