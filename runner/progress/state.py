"""What was heard of a run so far: a frozen value, so that one thread may draw it while another goes on. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from runner.record import Cause, Record, Status
from runner.verdict import GOOD

WAITING = "waiting"
"""What an environment does that nobody has asked for yet."""

INSTALLED = "installed"
READY = "ready"
ERROR = "error"

KEPT = 20
"""Cells that did not pass and are remembered, the last ones."""

_OF_ENVIRONMENTS = frozenset({Cause.ENVIRONMENT_UNRESOLVABLE, Cause.ENVIRONMENT_INSTALL, Cause.ENVIRONMENT_IMPORT})

WINDOW = 60.0
"""Seconds over which the rate is taken: what was taken over from an earlier run, at once, says nothing of the rest."""

_SAMPLE = 1.0
_ENOUGH = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """
    What an environment is doing.

    Attributes:
        name: One of the words of the execution, such as ``installing``, or whatever else a backend says.
        since: When that began, by the clock.
    """

    name: str
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    How far a run is.

    Attributes:
        cells: How many there are in all; 0 where no cells are counted.
        started: When it began, by the clock.
        environments: What each is doing, those of the plan in its order.
        counts: Cells that are judged, by status.
        failed: The last cells that did not pass for a reason of their own, the newest last.
        samples: Times of the clock, and how many cells were judged then; the oldest first.
    """

    cells: int
    started: float
    environments: Mapping[str, State] = field(default_factory=dict)
    counts: Mapping[Status, int] = field(default_factory=dict)
    failed: tuple[Record, ...] = ()
    samples: tuple[tuple[float, int], ...] = ()

    @property
    def done(self) -> int:
        """Return the number of cells that are judged."""
        return sum(self.counts.values())

    @property
    def not_passing(self) -> int:
        """Return the number of cells that are judged, and neither pass nor are unsupported."""
        return sum(number for status, number in self.counts.items() if status not in GOOD)

    def states(self) -> Counter[str]:
        """Return how many environments are in each state."""
        return Counter(state.name for state in self.environments.values())

    def rate(self, now: float) -> float | None:
        """Return cells per second of late; None while too little is known."""
        recent = [sample for sample in self.samples if now - sample[0] <= WINDOW]
        if not recent or now - recent[0][0] < _ENOUGH:
            return None
        return (self.done - recent[0][1]) / (now - recent[0][0])

    def left(self, now: float) -> float | None:
        """Return how many seconds it will go on at that rate; None where nobody knows."""
        rate = self.rate(now)
        return (self.cells - self.done) / rate if rate else None


def begun(cells: int, environments: Iterable[str], now: float) -> Progress:
    """Return the progress of a run that begins."""
    states = {name: State(name=WAITING, since=now) for name in environments}
    return Progress(cells=cells, started=now, environments=states)


def with_environment(progress: Progress, name: str, state: str, now: float) -> Progress:
    """Return the progress once an environment is in a state."""
    return replace(progress, environments={**progress.environments, name: State(name=state, since=now)})


def with_record(progress: Progress, record: Record, now: float) -> Progress:
    """Return the progress once a cell is judged."""
    counts = {**progress.counts, record.status: progress.counts.get(record.status, 0) + 1}
    failed = (*progress.failed, record)[-KEPT:] if _is_news(record) else progress.failed
    samples = progress.samples
    if not samples or now - samples[-1][0] >= _SAMPLE:
        samples = (*(sample for sample in samples if now - sample[0] <= WINDOW), (now, progress.done + 1))
    return replace(progress, counts=counts, failed=failed, samples=samples)


def _is_news(record: Record) -> bool:
    """Tell whether a cell did not pass for a reason of its own: not as its save failed, nor an environment did."""
    consequence = record.status is Status.BLOCKED or record.cause in _OF_ENVIRONMENTS
    return record.status not in GOOD and not consequence
