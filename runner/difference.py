"""
Two runs -> what changed between them. Pure.

A cell that is unsupported, or could not be judged, is as if it were not there: nothing is promised, or known, of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from runner.baseline import outcome
from runner.model import Tolerance
from runner.record import Comparison, Record, Status
from runner.results import Results
from runner.verdict import FailOnChange

TIMES = 2.0
"""How much larger or smaller a number must be than it was for anyone to hear of it: between two runs, noise is less."""

_UNKNOWN = frozenset({Status.UNSUPPORTED, Status.ERROR})


class Kind(StrEnum):
    """What became of a cell."""

    REGRESSED = "regressed"
    FIXED = "fixed"
    CHANGED = "cause-changed"
    MOVED = "numbers-moved"
    NEW = "new"
    GONE = "gone"
    LOST = "not-judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    A cell that came out otherwise.

    Attributes:
        old: As it was; None if it was not there.
        new: As it is; None if it is not there any more.
    """

    kind: Kind
    id: str
    old: Record | None = None
    new: Record | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """
    What changed between two runs.

    Attributes:
        changes: By kind, then in the order of the newer run.
        passing: Number of cells that pass in both.
        failing: Number of cells that do not pass in either, with the same status and cause.
    """

    old: Results
    new: Results
    changes: tuple[Change, ...]
    passing: int = 0
    failing: int = 0

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Return the changes of a kind."""
        return tuple(change for change in self.changes if change.kind is kind)


def difference(old: Results, new: Results) -> Difference:
    """Compare two runs, cell by cell; they may be of different matrices and versions of this program."""
    before, after = _by_name(old), _by_name(new)
    pairs = {name: (before.get(name), after.get(name)) for name in [*after, *before]}
    changes = [
        Change(kind=kind, id=name, old=was, new=now)
        for name, (was, now) in pairs.items()
        if (kind := _kind(was, now)) is not None
    ]
    kinds = list(Kind)
    both = list(_known_in_both(pairs))
    return Difference(
        old=old,
        new=new,
        changes=tuple(sorted(changes, key=lambda change: kinds.index(change.kind))),
        passing=sum(was.status is now.status is Status.PASS for was, now in both),
        failing=sum(_is_same(was, now) and was.status is not Status.PASS for was, now in both),
    )


def exit_status(found: Difference, fail_on: FailOnChange) -> int:
    """
    Return 0, 1 or 4 for what changed.

    A cell that was judged and could not be judged again gives 4, whatever `fail_on` says, as it does for a run.
    """
    if found.of(Kind.LOST):
        return 4
    match fail_on:
        case FailOnChange.REGRESSED:
            return int(bool(found.of(Kind.REGRESSED)))
        case FailOnChange.ANY:
            return int(bool(found.changes))
        case FailOnChange.NEVER:
            return 0
        case _:
            assert_never(fail_on)


def _by_name(results: Results) -> dict[str, Record]:
    return {cell.id: cell for cell in results.cells}


def _known_in_both(pairs: Mapping[str, tuple[Record | None, Record | None]]) -> Iterator[tuple[Record, Record]]:
    for was, now in pairs.values():
        if was and now and not {was.status, now.status} & _UNKNOWN:
            yield was, now


def _kind(old: Record | None, new: Record | None) -> Kind | None:
    """Return what became of a cell; None where nothing did."""
    was, now = _known(old), _known(new)
    if was is None or now is None:
        if was is now:
            return None
        if now:
            return Kind.NEW
        return Kind.LOST if new and new.status is Status.ERROR else Kind.GONE
    if not _is_same(was, now):
        if was.status is Status.PASS:
            return Kind.REGRESSED
        return Kind.FIXED if now.status is Status.PASS else Kind.CHANGED
    return Kind.MOVED if has_moved(was.comparison, now.comparison) else None


def _is_same(old: Record, new: Record) -> bool:
    return old.status is new.status is Status.PASS or outcome(old) == outcome(new)


def _known(cell: Record | None) -> Record | None:
    return None if cell is None or cell.status in _UNKNOWN else cell


def has_moved(old: Comparison | None, new: Comparison | None) -> bool:
    """
    Tell whether what was loaded differs from what was saved by much more, or much less, than before.

    That is: the largest difference of an output or of a weight is at least `TIMES` what it was, or at most that part of
    it, and the change is larger than the default tolerance, below which outputs are taken for the same.
    """
    if old is None or new is None:
        return False
    return _far(old.max_abs, new.max_abs) or _far(old.weights_max_abs, new.weights_max_abs)


def _far(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return False
    small, large = sorted((old, new))
    tolerance = Tolerance()
    return large >= TIMES * small and large - small > tolerance.atol + tolerance.rtol * small
