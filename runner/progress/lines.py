"""The progress of a run where no terminal is: plain lines, few of them, none with an escape sequence of ours."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console

from runner.progress import words
from runner.progress.state import Progress, begun, with_environment, with_record
from runner.record import Record

INTERVAL = 10.0
"""Seconds between two lines, at least."""

SILENCE = 60.0
"""Seconds after which a line is written though nothing happened: some CI systems end what is silent for minutes."""


class Lines:
    """
    Hears what a run does, and writes at most one line each ten seconds, and one at the end.

    Args:
        each: Whether each cell has a line as it ends, besides.
        clock: Seconds that only grow.
    """

    def __init__(
        self, console: Console, cells: int, environments: tuple[str, ...], clock: Callable[[], float], *, each: bool
    ) -> None:
        self._console, self._clock, self._each = console, clock, each
        self.progress: Progress = begun(cells, environments, clock())
        self._spoken, self._told = clock(), self.progress
        self._over = threading.Event()
        self._ticking = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._ticking.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._ticking.join()
        self._say()

    def environment(self, name: str, state: str) -> None:
        """Hear what an environment is doing."""
        self.progress = with_environment(self.progress, name, state, self._clock())

    def record(self, record: Record) -> None:
        """Hear that a cell is judged."""
        self.progress = with_record(self.progress, record, self._clock())
        if self._each:
            self._print(words.cell(record))

    def speak(self) -> None:
        """Write a line if it is time for one and there is something to say."""
        silent = self._clock() - self._spoken
        if silent >= SILENCE or (silent >= INTERVAL and self.progress is not self._told):
            self._say()

    def _tick(self) -> None:
        while not self._over.wait(1.0):
            self.speak()

    def _say(self) -> None:
        self._spoken, self._told = self._clock(), self.progress
        self._print(line(self._told, self._spoken))

    def _print(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, emoji=False, soft_wrap=True)


def line(progress: Progress, now: float) -> str:
    """Return how far a run is, in one line."""
    parts = [
        f"cells: {', '.join([words.share(progress), *words.pace(progress, now)])}" if progress.cells else "",
        words.outcomes(progress) if progress.done else "",
        f"environments: {words.environments(progress)}" if progress.environments else "",
    ]
    return f"[{words.clock(now - progress.started)}] {'; '.join(filter(None, parts))}"
