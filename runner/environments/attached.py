"""A harness server in a container, spoken to through its standard input and output."""

import asyncio
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from docker.models.containers import Container
from docker.utils.socket import STDOUT, SocketError, frames_iter

from runner.environments import LINE_LIMIT, EnvironmentFailure
from runner.environments.containers import Containers

LOG_LIMIT = 2**20
"""Bytes of a server's standard error that are kept."""

_AHEAD = 64
_STREAMS = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}


class Attached:
    """
    The runner's end of a server in a container; see `runner.environments.Connection`.

    Args:
        socket: What the engine gave for the container's streams.
        log: Where its standard error goes.
    """

    def __init__(self, containers: Containers, container: Container, socket: Any, log: Path) -> None:
        self._containers, self._container, self._socket = containers, container, socket
        self._lines: asyncio.Queue[bytes] = asyncio.Queue(_AHEAD)
        self._loop = asyncio.get_running_loop()
        self._ended = False
        self._reader = threading.Thread(target=self._read, args=(log,), name="attached", daemon=True)
        self._reader.start()

    async def receive(self) -> bytes:
        """Return the next line that it says."""
        line = await self._lines.get()
        if len(line) > LINE_LIMIT:
            raise ValueError("the line is too long")
        return line

    async def send(self, line: bytes) -> None:
        """Say a line to it."""
        try:
            await self._containers.in_thread(getattr(self._socket, "_sock", self._socket).sendall, line)
        except (OSError, ValueError) as error:
            raise ConnectionError(str(error)) from error

    async def out_of_memory(self) -> bool:
        """Ask the engine whether the memory limit of the container was met."""
        try:
            await self._containers.call(self._container.reload)
        except EnvironmentFailure:
            return False
        return bool(self._container.attrs["State"].get("OOMKilled"))

    async def end(self) -> None:
        """Remove the container with all that runs in it."""
        self._ended = True
        await self._containers.remove(self._container)
        with suppress(OSError):
            self._socket.close()

    def _read(self, log: Path) -> None:
        """Take apart what comes: lines for whoever receives them, the rest for the log."""
        line = b""
        with log.open("wb") as file, suppress(OSError, ValueError, SocketError, RuntimeError):
            for stream, data in frames_iter(self._socket, tty=False):  # type: ignore[no-untyped-call]  # types-docker has none
                if stream != STDOUT:
                    file.write(data[: max(LOG_LIMIT - file.tell(), 0)])
                    file.flush()
                    continue
                *lines, line = (line + data).split(b"\n")
                for each in lines:
                    self._hand_over(each + b"\n")
                if len(line) > LINE_LIMIT:
                    break
        with suppress(RuntimeError):
            self._hand_over(line)
            self._hand_over(b"")

    def _hand_over(self, line: bytes) -> None:
        """Wait until there is room for it, so that one that never stops talking does not fill our memory."""
        if self._ended:
            return
        waiting = asyncio.run_coroutine_threadsafe(self._lines.put(line), self._loop)
        while not self._ended:
            with suppress(TimeoutError):
                waiting.result(timeout=1)
                return
        waiting.cancel()


async def attach(containers: Containers, container: Container, log: Path) -> Attached:
    """
    Start a container that was made, and hear all that it says.

    Raises:
        EnvironmentFailure: If it cannot be started.
    """
    try:
        socket = await containers.call(containers.client.api.attach_socket, container.id, _STREAMS)
        connection = Attached(containers, container, socket, log)
        await containers.call(container.start)
    except BaseException:
        await containers.remove(container)
        raise
    return connection
