"""What a run shows while it goes on, on standard error: a bar on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from runner.model import Record
from runner.verdict import GOOD

INTERVAL = 10.0
"""Seconds between two plain lines about cells."""


class Display:
    """
    Hears what the execution does and shows it.

    Args:
        cells: How many there are in all.
    """

    def __init__(self, console: Console, cells: int) -> None:
        self._console = console
        self._cells = cells
        self._states: dict[str, str] = {}
        self._done = self._not_passing = 0
        self._spoken = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failing]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("cells", total=cells, failing="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    @property
    def done(self) -> int:
        """Return the number of cells that are judged."""
        return self._done

    def environment(self, name: str, state: str) -> None:
        """Show what an environment is doing."""
        self._states[name] = state
        if self._console.is_terminal:
            self._bar.update(self._task, description=self._summary())
        else:
            self._console.print(f"{name}: {state}", highlight=False, markup=False)

    def record(self, record: Record) -> None:
        """Show that a cell is judged."""
        self._done += 1
        self._not_passing += record.status not in GOOD
        failing = f"{self._not_passing} not passing" if self._not_passing else ""
        self._bar.update(self._task, completed=self._done, failing=failing)
        if not self._console.is_terminal and (self._done == self._cells or self._due()):
            self._console.print(f"cells: {self._done} of {self._cells}, {failing or 'all pass'}", highlight=False)

    def _due(self) -> bool:
        now = time.monotonic()
        due = now - self._spoken >= INTERVAL
        self._spoken = now if due else self._spoken
        return due

    def _summary(self) -> str:
        counts = Counter(self._states.values())
        return "environments: " + ", ".join(f"{number} {state}" for state, number in counts.items())
