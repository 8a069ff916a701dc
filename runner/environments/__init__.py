"""
Isolated environments: what to install, with which Python, and how to start a harness in the result.

Every backend is a `Builder`; the execution knows nothing else about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.model import Cause, EnvironmentSpec

HARNESS = Path(__file__).parents[1] / "harness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """
    An environment that is installed.

    Attributes:
        pins: ``name==version`` of all that is in it.
        note: What a reader of the report should know about how it was resolved; empty if nothing.
        digest: What decides how it behaves: the pins, the interpreter and the variables.
        command: Starts a harness server that speaks on its standard input and output.
        variables: The environment variables of that process, all of them.
        folder: Where it is installed.
        record: File where the first harness server keeps what it learned about the environment.
    """

    spec: EnvironmentSpec
    pins: tuple[str, ...]
    note: str = ""
    digest: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    folder: Path
    record: Path


class EnvironmentFailure(Exception):
    """
    An environment could not be made: its cells become ``error``, with this cause and explanation.

    Args:
        reason: What keeps it from being imported, if that is known, such as ``numpy-abi``.
    """

    def __init__(self, cause: Cause, explanation: str, reason: Cause | None = None) -> None:
        self.cause = cause
        self.explanation = explanation
        self.reason = reason
        super().__init__(explanation)


class Builder(Protocol):
    """What a backend does."""

    async def prepare(self, spec: EnvironmentSpec) -> Environment:
        """
        Install an environment, or find it installed.

        Raises:
            EnvironmentFailure: If it cannot be had.
        """


def harness_command(python: Path, harness: Path, record: Path, spec: EnvironmentSpec) -> tuple[str, ...]:
    """Return the command that starts a harness server; a Keras that the matrix names is imported beside TensorFlow."""
    imports = ("--import", "keras") if spec.keras else ()
    return (str(python), str(harness), "serve", "--record", str(record), *imports)
