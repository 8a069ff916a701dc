"""
Every error that a user can see, with its exit status.

::

    RunnerError                    1
    ├── UsageError                 2   the command line, a scenario or a stored file is wrong
    │   └── DocumentError          2   matrix.yaml or a baseline is wrong; holds every mistake with its place
    ├── NothingSelectedError       3   the filters leave no cell
    ├── UnjudgeableError           4   an environment that is needed cannot be had
    └── OutputError                4   the output folder or the cache cannot be written
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class RunnerError(Exception):
    """Something the user can mend; the message says what happened and what to do."""

    exit_status: ClassVar[int] = 1


class UsageError(RunnerError):
    """The command line, a scenario or a stored file is wrong."""

    exit_status = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing that is wrong in a file, at a line and column that count from one."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class DocumentError(UsageError):
    """A matrix or a baseline is wrong; every mistake is reported at once, in the order of the file."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda m: (m.line, m.column, m.message)))
        super().__init__("\n".join(map(str, self.mistakes)))


class NothingSelectedError(RunnerError):
    """The filters leave no cell to run."""

    exit_status = 3


class UnjudgeableError(RunnerError):
    """An environment cannot be had, without which nothing can be said."""

    exit_status = 4


class OutputError(RunnerError):
    """The output folder or the cache cannot be written."""

    exit_status = 4
