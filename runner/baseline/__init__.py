"""
The outcomes that are accepted, and what a run is worse or better than.

The first row decides that matches a cell and has not expired, so narrow rows stand before wide ones. It accepts the
cell only if status and cause are its own: what fails for another reason is news. Two things need no row: a pass, and
what is declared unsupported. One thing cannot have a row: an `error`, of which nothing is known.

A save that fails is told at one cell and blocks the others; at which one depends on what was selected. So a row that
says `blocked` also accepts the failed save itself, where it is told at that cell.

Everything here is pure and total: every cell of a run is exactly one of expected, worse, better and not judged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from runner.baseline.globs import pattern
from runner.record import Cause, Phase, Record, Status
from runner.verdict import GOOD

ACCEPTABLE = tuple(status for status in Status if status not in {*GOOD, Status.ERROR})
"""The outcomes that a row may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    Cells of which an outcome is accepted.

    Attributes:
        cells: Globs over the names of cells.
        cause: None where none is known, as of most crashes.
        reason: Why it is accepted.
        link: Where one can read about it.
        expires: The last day on which it is.
        line: Where it stands in its file.
    """

    cells: tuple[str, ...]
    status: Status
    cause: Cause | None = None
    reason: str = ""
    link: str | None = None
    expires: date | None = None
    line: int | None = field(default=None, compare=False)

    def matches(self, name: str) -> bool:
        """Tell whether the name of a cell is one of those that the row is about."""
        return pattern(self.cells).match(name)

    def accepts(self, cell: Record) -> bool:
        """Tell whether this is how the cell came out."""
        return (self.status, self.cause) in {(cell.status, cell.cause), outcome(cell)}

    def has_expired(self, today: date) -> bool:
        """Tell whether its last day is over."""
        return self.expires is not None and self.expires < today


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The rows of a file, in its order."""

    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surprise:
    """A cell that did not come out as expected, and the row that decides it, if one does."""

    cell: Record
    row: Row | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """
    A run against a baseline.

    Attributes:
        cells: Those of the run, `expected` and `accepted` set.
        known: Number of cells that do not pass, as accepted.
        worse: Cells that do not pass, and are not accepted so.
        better: Cells that pass, and have a row that says otherwise.
        expired: Rows that accept nothing any more.
        unused: Rows that decide no cell of the matrix.
    """

    cells: tuple[Record, ...]
    known: int = 0
    worse: tuple[Surprise, ...] = ()
    better: tuple[Surprise, ...] = ()
    expired: tuple[Row, ...] = ()
    unused: tuple[Row, ...] = ()


def outcome(cell: Record) -> tuple[Status, Cause | None]:
    """Return what a row says of a cell: a save that fails is `blocked`, but for loads where the model was saved."""
    told_elsewhere = cell.phase is Phase.SAVE and cell.save != cell.load and cell.status in ACCEPTABLE
    return (Status.BLOCKED if told_elsewhere else cell.status), cell.cause


def judge(cells: Iterable[Record], baseline: Baseline, today: date, names: Iterable[str] = ()) -> Gate:
    """
    Hold the cells of a run against a baseline.

    Args:
        names: Those of all cells of the matrix, in the run or not: a row that decides none of them is unused.
    """
    cells = tuple(cells)
    live = tuple(row for row in baseline.rows if not row.has_expired(today))
    deciding = decisions(live, dict.fromkeys([*names, *(cell.id for cell in cells)]))
    judged = [(_judged(cell, deciding.get(cell.id)), deciding.get(cell.id)) for cell in cells]
    surprises = [Surprise(cell=cell, row=row) for cell, row in judged if not cell.expected]
    used = set(map(id, deciding.values()))
    return Gate(
        cells=tuple(cell for cell, _ in judged),
        known=sum(cell.expected and cell.status not in GOOD for cell, _ in judged),
        worse=tuple(each for each in surprises if each.cell.status in ACCEPTABLE),
        better=tuple(each for each in surprises if each.cell.status is Status.PASS),
        expired=tuple(row for row in baseline.rows if row.has_expired(today)),
        unused=tuple(row for row in live if id(row) not in used),
    )


def decisions(rows: Sequence[Row], names: Iterable[str]) -> Mapping[str, Row]:
    """Return the row that decides each name: the first that matches it."""
    left, found = list(names), {}
    for row in rows:
        matched = set(filter(row.matches, left))
        found.update(dict.fromkeys(matched, row))
        left = [name for name in left if name not in matched]
    return found


def _judged(cell: Record, row: Row | None) -> Record:
    """Return the cell with what the row that decides it makes of it."""
    if cell.status is Status.PASS:
        return replace(cell, expected=row is None, accepted=None)
    accepted = row is not None and cell.status in ACCEPTABLE and row.accepts(cell)
    expected = accepted or cell.status is Status.UNSUPPORTED
    return replace(cell, expected=expected, accepted=row.reason if row and accepted else None)
