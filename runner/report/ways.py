"""The ways out of failures that were tried, as reports tell them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runner.record import Record, Tried
from runner.remedies import Failure, can_be_tried
from runner.report.text import clean
from runner.report.words import number
from runner.verdict import way_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    A remedy, or several together, that made cells pass.

    Attributes:
        cells: How many cells have it as their first way out.
        example: One of them.
    """

    id: str
    cells: int
    loses: tuple[str, ...]
    how: str
    example: str


def remediable(cells: Iterable[Record]) -> list[Record]:
    """Return the cells for which remedies are there: those that did not load, or drift."""
    return [
        cell
        for cell in cells
        if cell.remedies or can_be_tried(Failure(status=cell.status, phase=cell.phase, cause=cell.cause))
    ]


def ways(cells: Iterable[Record]) -> list[Way]:
    """Return the ways out by how many cells have them, the most useful first."""
    found: dict[str, list[tuple[Record, Tried]]] = {}
    for cell in cells:
        if tried := way_out(cell):
            found.setdefault(tried.id, []).append((cell, tried))
    told = (
        Way(id=name, cells=len(pairs), loses=pairs[0][1].loses, how=pairs[0][1].how, example=pairs[0][0].id)
        for name, pairs in found.items()
    )
    return sorted(told, key=lambda way: (-way.cells, way.id))


def told(cells: Iterable[Record]) -> str:
    """Return in a sentence how many have a way out; nothing where none was needed or tried."""
    wanting = remediable(cells)
    if not any(cell.remedies for cell in wanting):
        return ""
    saved = sum(way_out(cell) is not None for cell in wanting)
    share = f" ({100 * saved // len(wanting)} %)" if saved != len(wanting) else ""
    return (
        f"{saved:,} of {number(len(wanting), 'cell')} that do not load as they were saved{share} have a way out that"
        " was tried: with it the model gives the saved outputs."
    )


def in_short(cells: Sequence[Record]) -> str:
    """Return the ways out of cells that fail alike, in a sentence; what was tried where there is none."""
    wanting = remediable(cells)
    if not any(cell.remedies for cell in wanting):
        return ""
    found = Counter(tried.id for cell in wanting if (tried := way_out(cell)))
    left = len(wanting) - sum(found.values())
    words = [f"`{clean(name)}`{_of(count, len(wanting))}" for name, count in found.most_common(4)]
    if not words:
        return f"No way out; tried: {_tried(wanting)}."
    return f"Way out: {', '.join(words)}{f'; none for {left}' if left else ''}."


def _of(count: int, total: int) -> str:
    return "" if count == total else f" ({count} of {total})"


def _tried(cells: Iterable[Record]) -> str:
    names = Counter(tried.id for cell in cells for tried in cell.remedies)
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(f"`{clean(name)}`" for name, _ in names.most_common(6)) + more
