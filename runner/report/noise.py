"""How much rounding there was, how much was let pass, and how far from it the smallest drift is."""

from collections.abc import Iterable, Iterator

from runner.record import Record, Status
from runner.report.text import prose
from runner.results import Results


def noise(results: Results) -> Iterator[str]:
    """
    Yield a sentence on the largest difference of the diagonal, the largest that passes and the smallest drift.

    Differences are those of outputs, by the largest number of the output.
    """
    compared = [cell for cell in results.cells if _size(cell) is not None]
    passing = [cell for cell in compared if cell.status is Status.PASS]
    same = [cell for cell in compared if cell.save == cell.load and cell.status is Status.PASS]
    drifts = [cell for cell in compared if cell.status is Status.DRIFT and _size(cell)]
    parts = [
        *_part("the same environment on both sides differs by at most", same, largest=True),
        *_part("the largest difference that passes is", passing, largest=True),
        *_part("the smallest drift is", drifts, largest=False),
    ]
    if parts:
        yield "## Noise"
        text = "; ".join(parts)
        yield f"{text[0].upper()}{text[1:]}. All are parts of the largest number that the output holds."


def _part(words: str, cells: Iterable[Record], *, largest: bool) -> Iterator[str]:
    ordered = sorted(cells, key=lambda cell: _size(cell) or 0.0, reverse=largest)
    if ordered:
        size = _size(ordered[0]) or 0.0
        yield f"{words} {size:.2g} ({prose(ordered[0].id)})" if size else f"{words} 0"


def _size(cell: Record) -> float | None:
    return cell.comparison.max_scaled if cell.comparison else None
