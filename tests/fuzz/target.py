"""What a target is: a reader of the program, valid inputs for it, and a way to change them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import DocumentError, RunnerError
from tests.fuzz.mutations import Mutation

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    One kind of input.

    Attributes:
        read: Reads an input as the program does, in a folder that is its own. It returns, whatever the input; what it
            raises is a finding.
        seeds: Makes valid inputs.
        mutate: Makes another input of one.
        inputs: How many are tried in every run of the tests.
        confined: Whether the program reads it in a process with limits, as jobs are: a library in C that hangs or dies
            over it ends that process, and what comes of it is a `timeout` or a `crash`.
    """

    name: str
    read: Callable[[bytes, Path], None]
    seeds: Callable[[], Sequence[bytes]]
    mutate: Mutation
    inputs: int
    confined: bool = False


def check_sentence(error: RunnerError) -> None:
    """Check that an error is told in lines that a terminal prints as they are, a mistake in a file with its place."""
    text = str(error)
    assert text.strip(), "an error without a word"
    assert all(line.isprintable() for line in text.split("\n")), f"not to be printed: {text!r}"
    if isinstance(error, DocumentError):
        assert error.mistakes, "wrong, and nothing is said to be"
        assert all(each.line >= 1 and each.column >= 1 and each.message.isprintable() for each in error.mistakes)


def check_text(text: str) -> None:
    """Check that a text can be written, as a part of a report or of a line."""
    text.encode("utf-8")
