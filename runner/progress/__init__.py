"""What a run shows while it goes on, on standard error: a live view on a terminal, plain lines elsewhere."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console

from runner.progress.lines import Lines
from runner.progress.live import LiveView
from runner.record import Record


class Display(AbstractContextManager["Display"], Protocol):
    """Whatever shows what is going on, for as long as it is entered."""

    def environment(self, name: str, state: str) -> None:
        """Hear what an environment is doing."""

    def record(self, record: Record) -> None:
        """Hear that a cell is judged."""


class Silence:
    """Hears everything and shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def environment(self, name: str, state: str) -> None:
        """Hear what an environment is doing."""

    def record(self, record: Record) -> None:
        """Hear that a cell is judged."""


def display(
    console: Console,
    cells: int,
    environments: tuple[str, ...] = (),
    *,
    quiet: bool = False,
    each: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Display:
    """
    Return what shows a run on a console.

    Args:
        cells: How many there are in all; 0 where none are counted.
        environments: Names of those of the plan.
        quiet: Whether nothing is shown.
        each: Whether each cell has a line as it ends.
        clock: Seconds that only grow.
    """
    if quiet:
        return Silence()
    view = LiveView if is_live(console, os.environ) else Lines
    return view(console, cells, environments, clock, each=each)


def is_live(console: Console, variables: Mapping[str, str]) -> bool:
    """
    Tell whether somebody looks on who sees a view being drawn again.

    ``FORCE_COLOR`` makes rich take a file for a terminal; what is drawn into a file again and again cannot be read.
    """
    in_ci = variables.get("CI", "").lower() not in ("", "0", "false")
    return console.is_terminal and console.file.isatty() and not console.is_dumb_terminal and not in_ci
