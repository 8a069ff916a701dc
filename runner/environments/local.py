"""A harness server as a process of this machine."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from runner.environments import LINE_LIMIT, Environment, EnvironmentFailure
from runner.record import Cause


class Process:
    """A server in a process group of its own; see `runner.environments.Connection`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def receive(self) -> bytes:
        """Return the next line that it says."""
        assert self._process.stdout is not None  # noqa: S101  (a pipe was asked for; this tells the type checker)
        return await self._process.stdout.readline()

    async def send(self, line: bytes) -> None:
        """Say a line to it."""
        assert self._process.stdin is not None  # noqa: S101  (as above)
        self._process.stdin.write(line)
        await self._process.stdin.drain()

    async def out_of_memory(self) -> bool:
        """Tell nothing: each job has its own limit here."""
        return False

    async def end(self) -> None:
        """Ask it to end, then end what is left of its group."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)  # `terminate` may reap it, which asyncio remarks upon
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 2)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


async def start(environment: Environment, log: Path) -> Process:
    """
    Start the server of an environment.

    Args:
        log: Where its standard error goes.

    Raises:
        EnvironmentFailure: If its Python is not there.
    """
    try:
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *environment.command,
                env=dict(environment.variables),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                limit=LINE_LIMIT,
                start_new_session=True,
            )
    except OSError as error:
        text = (
            f"{environment.command[0]} cannot be started ({error.strerror}): the Python that it was made with may be "
            f"gone. Delete {environment.folder} and run again."
        )
        raise EnvironmentFailure(Cause.ENVIRONMENT_IMPORT, text) from error
    return Process(process)
