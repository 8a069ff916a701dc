"""What a cell takes: what it took before, or what cells usually take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from runner.model import Cell
from runner.preview import LOAD_SECONDS
from runner.record import Record
from runner.results import read_results


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """
    Times of an earlier run.

    Attributes:
        seconds: By the id of the cell, its ways out included.
        else_seconds: Of a cell that is not among them.
    """

    seconds: Mapping[str, float] = field(default_factory=dict)
    else_seconds: float = LOAD_SECONDS

    def milliseconds(self, cell: Cell) -> int:
        """Return what a cell takes on one core."""
        return round(1000 * self.seconds.get(cell.id, self.else_seconds))


def read_times(path: Path | None) -> Times:
    """
    Read what the cells of an earlier run took; a cell that is new takes as long as the others on average.

    Args:
        path: A results.json, or the folder that has it; None is no earlier run, and every cell takes the same.

    Raises:
        UsageError: If it cannot be read.
    """
    seconds = {cell.id: _seconds(cell) for cell in read_results(path).cells} if path else {}
    return Times(seconds=seconds, else_seconds=fmean(seconds.values())) if seconds else Times()


def _seconds(cell: Record) -> float:
    return cell.seconds + sum(tried.seconds for tried in cell.remedies)
