"""Run a helper program to its end, or end it when the run is interrupted."""

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program ended, and what it printed."""

    status: int
    stdout: str
    stderr: str


async def run(
    command: Sequence[str], variables: Mapping[str, str], stdin: str = "", holding: Sequence[int] = ()
) -> Completed:
    """
    Run a program in a process group of its own; when the caller is cancelled, the whole group is killed.

    Args:
        holding: Descriptors that it inherits, such as that of a lock.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        env=variables,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        pass_fds=holding,
    )
    try:
        stdout, stderr = await process.communicate(stdin.encode())
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return Completed(status=process.returncode or 0, stdout=_text(stdout), stderr=_text(stderr))


@asynccontextmanager
async def inheritable_lock(path: Path) -> AsyncIterator[int]:
    """
    Hold a lock that a program which holds its descriptor keeps, should this process be killed.

    Whoever waits for it then waits for that program, too, which still writes.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        while not _locked(descriptor):
            await asyncio.sleep(0.1)
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
