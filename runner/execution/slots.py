"""How much runs at a time, and who is next: what brings a cell to its end goes before what only begins one."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum


class Turn(IntEnum):
    """Who goes first, of those that wait: a save makes cells that can run now, an import those of later."""

    CELL = 0
    SAVE = 1
    IMPORT = 2


class Slots:
    """
    A semaphore that lets the most urgent in first, and of those the one that waits longest.

    Args:
        number: How many may be in at a time.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: list[tuple[Turn, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @asynccontextmanager
    async def take(self, turn: Turn) -> AsyncIterator[None]:
        """Wait for a slot, and hold it."""
        await self._acquire(turn)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, turn: Turn) -> None:
        if self._free:
            self._free -= 1
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (turn, next(self._order), granted))
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():  # it was given the slot, and will not use it
                self._release()
            raise

    def _release(self) -> None:
        """Hand the slot to whoever is next."""
        while self._waiting:
            *_, granted = heapq.heappop(self._waiting)
            if not granted.done():
                granted.set_result(None)
                return
        self._free += 1
