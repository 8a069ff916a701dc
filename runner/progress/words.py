"""The words in which the progress of a run is told, on a terminal and off it. Pure."""

from runner.progress.state import ERROR, Progress
from runner.record import Record, Status
from runner.verdict import phrases
from runner.wording import printable

STYLES = {
    Status.PASS: "green",
    Status.DRIFT: "yellow",
    Status.BLOCKED: "dim",
    Status.UNSUPPORTED: "dim",
    Status.ERROR: "magenta",
}
"""How a status is coloured; any other is red."""

_WIDTH = max(map(len, Status))


def clock(seconds: float) -> str:
    """Return a time as ``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def per_second(rate: float) -> str:
    """Return a rate as ``12/s``, or as ``4/min`` where it is below one."""
    return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s" if rate >= 1 else f"{60 * rate:.0f}/min"


def pace(progress: Progress, now: float) -> list[str]:
    """Return rate and time left, as far as they are known."""
    rate, left = progress.rate(now), progress.left(now)
    ends = progress.done >= progress.cells
    return [*([per_second(rate)] if rate and not ends else []), *([f"{clock(left)} left"] if left and not ends else [])]


def share(progress: Progress) -> str:
    """Return how many cells are judged, of how many."""
    return f"{progress.done:,} of {progress.cells:,}"


def outcomes(progress: Progress) -> str:
    """Return how the cells came out so far: ``812 pass, 300 fail, 4 crash``."""
    passing = progress.counts.get(Status.PASS, 0)
    return ", ".join([f"{passing:,} pass", *phrases(progress.counts)])


def environments(progress: Progress) -> str:
    """Return how many environments are in which state, and which were lost: ``3 installing, 1 error (tf2.8)``."""
    lost = ", ".join(printable(name) for name, state in progress.environments.items() if state.name == ERROR)
    return ", ".join(
        f"{number} {printable(name)}{f' ({lost})' if name == ERROR else ''}"
        for name, number in progress.states().items()
    )


def cell(record: Record) -> str:
    """Return a cell in a line: status, id, cause and seconds."""
    told = f"{record.status:<{_WIDTH}} {printable(record.id)}"
    return f"{told} {record.cause or ''}".rstrip() + (f" ({record.seconds:.2f} s)" if record.seconds else "")
