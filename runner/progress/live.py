"""The progress of a run on a terminal: a view that is drawn again and again in the same place."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from runner.progress import lines, words
from runner.progress.frame import Frame
from runner.progress.state import Progress, begun, with_environment, with_record
from runner.record import Record

_PER_SECOND = 4


class LiveView:
    """
    Hears what a run does, and shows it; when it ends, one line stays.

    Args:
        each: Whether each cell has a line as it ends, above the view.
        clock: Seconds that only grow.
    """

    def __init__(
        self, console: Console, cells: int, environments: tuple[str, ...], clock: Callable[[], float], *, each: bool
    ) -> None:
        self._console, self._clock, self._each = console, clock, each
        self.progress: Progress = begun(cells, environments, clock())
        self._size = console.size
        self._live = Live(
            get_renderable=self._frame,
            console=console,
            refresh_per_second=_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()
        last = lines.line(self.progress, self._clock())
        self._console.print(last, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def environment(self, name: str, state: str) -> None:
        """Hear what an environment is doing."""
        self.progress = with_environment(self.progress, name, state, self._clock())

    def record(self, record: Record) -> None:
        """Hear that a cell is judged."""
        self.progress = with_record(self.progress, record, self._clock())
        if self._each:
            self._console.print(Text(words.cell(record), words.STYLES.get(record.status, "red")), soft_wrap=True)

    def _frame(self) -> RenderableType:
        """Return the frame to draw now; where the terminal has another size, what was drawn is somewhere else."""
        if self._console.size != self._size:
            self._size = self._console.size
            self._console.clear()
        return Frame(self.progress, self._clock())
