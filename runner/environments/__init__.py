"""
Isolated environments: what to install, with which Python, and how to start a harness in the result.

Every backend is a `Builder`; the execution knows nothing else about it. A server is met through a `Connection`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.model import EnvironmentSpec
from runner.record import Cause

HARNESS = Path(__file__).parents[1] / "harness"
LINE_LIMIT = 2**20
"""Bytes; a server that says more in one line counts as lost."""


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
        image: The container image that it was made in, with its digest; empty where there is none.
    """

    spec: EnvironmentSpec
    pins: tuple[str, ...]
    note: str = ""
    digest: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    folder: Path
    record: Path
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What of this machine the jobs of a server need: folders and files that they read, folders that they write to."""

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()


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


class PassingFailure(EnvironmentFailure):
    """An environment could not be made, and may be later: what it needs of the network did not come."""


class Connection(Protocol):
    """The runner's end of a harness server, wherever that runs."""

    async def receive(self) -> bytes:
        """
        Return the next line that the server says; what is no whole line, or nothing, once there is no more.

        Raises:
            ValueError: If the line is longer than `LINE_LIMIT`.
        """

    async def send(self, line: bytes) -> None:
        """
        Say a line to the server.

        Raises:
            ConnectionError: If it cannot hear it.
        """

    async def out_of_memory(self) -> bool:
        """Tell whether all that it may use was used up, so that the system ended it or something in it."""

    async def end(self) -> None:
        """End the server and everything that it started."""


class Builder(Protocol):
    """What a backend does."""

    async def prepare(self, spec: EnvironmentSpec) -> Environment:
        """
        Install an environment, or find it installed.

        Raises:
            EnvironmentFailure: If it cannot be had.
        """

    async def start(self, environment: Environment, log: Path, reach: Reach, *, shared: bool) -> Connection:
        """
        Start a harness server in an environment that is prepared.

        Args:
            log: Where its standard error goes.
            reach: What its jobs need; a backend with walls lets it have nothing else.
            shared: Whether jobs that must not see each other run in it, so that they must be walled off there.

        Raises:
            EnvironmentFailure: If it cannot be started.
        """


def harness_command(python: Path, harness: Path, record: Path, spec: EnvironmentSpec) -> tuple[str, ...]:
    """Return the command that starts a harness server; a Keras that the matrix names is imported beside TensorFlow."""
    imports = ("--import", "keras") if spec.keras else ()
    return (str(python), str(harness), "serve", "--record", str(record), *imports)
