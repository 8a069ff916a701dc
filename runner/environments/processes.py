"""Run a helper program to its end, or end it when the run is interrupted."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program ended, and what it printed."""

    status: int
    stdout: str
    stderr: str


async def run(command: Sequence[str], variables: Mapping[str, str], stdin: str = "") -> Completed:
    """Run a program in a process group of its own; when the caller is cancelled, the whole group is killed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=variables,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        stdout, stderr = await process.communicate(stdin.encode())
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return Completed(status=process.returncode or 0, stdout=_text(stdout), stderr=_text(stderr))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
