"""
A run becomes the baseline: `--accept`. Pure.

Rows that still hold stay as they are, word for word. A row of which a part no longer holds keeps its reason and is made
narrower; one of which nothing holds is gone. What is new gets a row that asks for a reason. Cells that were not in the
run, or could not be judged, keep what was accepted of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from runner.baseline import ACCEPTABLE, Baseline, Row, decisions, outcome
from runner.baseline.globs import Where, covering
from runner.record import Record, Status


def accepted(cells: Iterable[Record], baseline: Baseline, today: date, universe: Mapping[str, Where]) -> Baseline:
    """
    Return the baseline under which every cell of a run is expected.

    Args:
        cells: Those of the run.
        baseline: What was accepted before.
        universe: Every cell of the matrix by its name; no row of one outcome is made that decides a cell of another.
    """
    seen = {cell.id: cell for cell in cells if cell.id in universe and cell.status is not Status.ERROR}
    draft = _Draft(seen=seen, universe=universe, today=today)
    live = [row for row in baseline.rows if not row.has_expired(today)]
    draft.before = decisions(live, universe)
    for row in baseline.rows:
        draft.keep(row)
    for cell in seen.values():
        if cell.status in ACCEPTABLE and cell.id not in draft.decided:
            draft.add(cell, baseline)
    return Baseline(rows=draft.rows())


@dataclass(slots=True, kw_only=True)
class _Draft:
    """
    A baseline while it is put together.

    Attributes:
        before: The row that decided each cell.
        decided: Cells that the rows so far decide.
        kept: Rows, each with the cells that it decides.
        grown: Places of the rows whose globs have to be made anew.
    """

    seen: Mapping[str, Record]
    universe: Mapping[str, Where]
    today: date
    before: Mapping[str, Row] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    kept: list[tuple[Row, list[str]]] = field(default_factory=list)
    grown: set[int] = field(default_factory=set)

    def keep(self, row: Row) -> None:
        """Keep what still holds of a row."""
        matched = list(filter(row.matches, self.universe))
        if row.has_expired(self.today):
            if not matched or not self.seen.keys() >= set(matched):
                self.kept.append((row, []))
            return
        mine = [name for name in matched if name not in self.decided]
        right = [name for name in mine if self.holds(row, name)]
        if len(right) < len(mine):
            self.grown.add(len(self.kept))
        if right or not mine:
            self.kept.append((row, right))
            self.decided.update(right)
        else:
            self.grown.discard(len(self.kept))

    def holds(self, row: Row, name: str) -> bool:
        """Tell whether a row is right about a cell."""
        cell = self.seen.get(name)
        return self.before.get(name) is row if cell is None else cell.status in ACCEPTABLE and row.accepts(cell)

    def add(self, cell: Record, baseline: Baseline) -> None:
        """Accept a cell that no row accepts: in the row of those like it, or in one that asks for a reason."""
        new = self.row(cell, baseline)
        for place, (row, names) in enumerate(self.kept):
            if replace(row, cells=()) == new:
                names.append(cell.id)
                self.grown.add(place)
                return
        self.grown.add(len(self.kept))
        self.kept.append((new, [cell.id]))

    def row(self, cell: Record, baseline: Baseline) -> Row:
        """Return a row for a new outcome; one that had expired is accepted anew, with its reason."""
        status, cause = outcome(cell)
        for row in baseline.rows:
            if row.has_expired(self.today) and row.accepts(cell) and row.matches(cell.id):
                return replace(row, cells=(), expires=None, line=None)
        return Row(cells=(), status=status, cause=cause, reason=f"accepted on {self.today}, no reason given")

    def rows(self) -> tuple[Row, ...]:
        """Return the rows, with few globs for the cells of those that have changed."""
        return tuple(
            replace(row, cells=covering(frozenset(names), self.universe)) if place in self.grown else row
            for place, (row, names) in enumerate(self.kept)
        )
