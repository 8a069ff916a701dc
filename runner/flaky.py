"""Jobs that do not come out alike each time: which outcome counts, and how that is told. Pure."""

from collections.abc import Sequence
from itertools import groupby

from runner.judgement import Judgement
from runner.record import Attempt, Cause, Record, Status, Warned

KIND = "flaky"
"""Of the warning."""

_WORST_FIRST = (
    Status.CRASH,
    Status.TIMEOUT,
    Status.FAIL,
    Status.DRIFT,
    Status.BLOCKED,
    Status.ERROR,
    Status.UNSUPPORTED,
    Status.PASS,
)
_VERBS = {
    Status.CRASH: "crashed of",
    Status.TIMEOUT: "timed out",
    Status.FAIL: "failed",
    Status.DRIFT: "gave something else",
    Status.ERROR: "could not be judged",
    Status.UNSUPPORTED: "was unsupported",
    Status.PASS: "passed",
}
_ORDINALS = ("first", "second", "third")


def agree(one: Judgement, other: Judgement) -> bool:
    """Tell whether two outcomes are the same; a cause that was not recognised contradicts none."""
    known = {one.cause, other.cause} - {Cause.UNRECOGNISED}
    return one.status is other.status and len(known) <= 1


def came_twice(judged: Sequence[Judgement], place: int) -> bool:
    """Tell whether an outcome came at another try, too."""
    return any(agree(judged[place], other) for at, other in enumerate(judged) if at != place)


def counts(judged: Sequence[Judgement]) -> int:
    """
    Return the place of the outcome that counts: the last that came twice, else the worst.

    Of those that came twice, one that knows its cause goes first. Two of three are no mean: what came once is told with
    it. And a pass that came once is no more to be relied on than the crash beside it.
    """
    twice = [place for place in range(len(judged)) if came_twice(judged, place)]
    known = [place for place in twice if judged[place].cause is not Cause.UNRECOGNISED]
    worst = min(range(len(judged)), key=lambda place: _WORST_FIRST.index(judged[place].status))
    return [worst, *twice, *known][-1]


def warned(tries: Sequence[Attempt]) -> tuple[Warned, ...]:
    """Return the warnings of a cell: for its save and for its load, as far as they did not come out alike each time."""
    return tuple(Warned(kind=KIND, text=_told(job, list(made))) for job, made in groupby(tries, lambda each: each.job))


def cells(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the cells that did not come out alike each time."""
    return tuple(record for record in records if any(warning.kind == KIND for warning in record.warnings))


def _told(job: str, tries: Sequence[Attempt]) -> str:
    what = "Its save" if job == "save" else "It"
    said = [_try(*each) for each in zip(_ORDINALS, tries, strict=False)]
    return f"{what} did not come out alike each time: {'; '.join(said)}."


def _try(ordinal: str, attempt: Attempt) -> str:
    fresh = ", in a fresh process," if attempt.fresh else ""
    how = f" {attempt.how}" if attempt.status is Status.CRASH else ""
    where = f" in {attempt.phase}" if attempt.phase else ""
    cause = f" ({attempt.cause})" if attempt.cause else ""
    return f"the {ordinal} try{fresh} {_VERBS[attempt.status]}{how}{where}{cause}"
