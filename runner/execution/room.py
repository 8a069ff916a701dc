"""
Memory for servers: how many of them live follows what is free.

Each holds an imported TensorFlow, several hundred megabytes. Where all that a run asks for do not fit, one that no job
is on is ended before another is started, the one longest unused first; if there is none, the newcomer waits for one. As
whoever waits keeps nobody from leaving, and one may always live, a run goes on with however little there is.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Protocol

SERVER_MB = 700
"""What a server takes, until one has said how much it does."""

JOB_MB = 384
"""
What is kept free for each job that may run: more than most need.

Few need as much as they may, and to keep `limits.memory_mb` free for each would leave small machines one server at a
time. Who takes it lowers what is free, which is asked for anew each time; and the kernel ends jobs before servers.
"""

_LOOK_SECONDS = 1.0

Free = Callable[[], int | None]
"""Returns how many MiB there are for whoever asks for them; None if nobody knows."""


class Guest(Protocol):
    """Whoever has a server, or wants one."""

    @property
    def busy(self) -> bool:
        """Tell whether a job is on it, or waits for its turn on it."""

    @property
    def memory_mb(self) -> int | None:
        """Return how much its server takes; None if none was ever started."""

    async def make_way(self) -> None:
        """End the server, with `Room.leaving`."""


class Room:
    """
    The servers that live, and the door through which others come in.

    Args:
        jobs: How many may run at a time.
        memory_mb: How much one of them may take.
    """

    def __init__(self, jobs: int, memory_mb: int, free: Free) -> None:
        self._kept = jobs * min(JOB_MB, memory_mb)
        self._free = free
        self._living: dict[Guest, None] = {}  # the one longest unused first
        self._new: set[Guest] = set()  # those that no job was on as yet
        self._coming: set[Guest] = set()
        self._leaving = 0
        self._door = asyncio.Lock()
        self._changed = asyncio.Event()
        self._looked = 0.0

    @asynccontextmanager
    async def entering(self, guest: Guest, tell: Callable[[], None]) -> AsyncIterator[None]:
        """
        Wait until there is room for another server, and start it inside.

        Args:
            tell: Called if it has to wait.
        """
        async with self._door:
            await self._make_room(guest, tell)
            self._coming.add(guest)
        try:
            yield
            self._living[guest] = None
            self._new.add(guest)
        finally:
            self._coming.discard(guest)
            self._changed.set()

    @contextmanager
    def leaving(self, guest: Guest) -> Iterator[None]:
        """End a server inside: nobody has its place before it is gone."""
        self._living.pop(guest, None)
        self._new.discard(guest)
        self._leaving += 1
        try:
            yield
        finally:
            self._leaving -= 1
            self._changed.set()

    async def used(self, guest: Guest) -> None:
        """Hear that the last job has left a server; end some that are idle if memory has become short."""
        if guest in self._living:
            self._living[guest] = self._living.pop(guest)
            self._new.discard(guest)
        self._changed.set()
        now = asyncio.get_running_loop().time()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        while self._is_short() and (idle := self._idle()):
            await idle.make_way()

    async def _make_room(self, guest: Guest, tell: Callable[[], None]) -> None:
        if self._has_room_for(guest):
            return
        tell()
        quiet = False
        while not self._has_room_for(guest):
            self._changed.clear()
            if idle := self._idle(new=quiet):
                await idle.make_way()
                quiet = False
            else:
                quiet = not await self._hears_of_change()

    async def _hears_of_change(self) -> bool:
        """Wait until something changes, but not for long: memory may also become free without anybody telling us."""
        with suppress(TimeoutError):
            return await asyncio.wait_for(self._changed.wait(), _LOOK_SECONDS)
        return False

    def _has_room_for(self, guest: Guest) -> bool:
        if not self._living and not self._coming and not self._leaving:
            return True
        free = self._free()
        return free is None or free - sum(map(self._size, [guest, *self._coming])) >= self._kept

    def _is_short(self) -> bool:
        """Tell whether fewer should live: there is half of what lets one in, so that none comes and goes."""
        free = self._free() if len(self._living) > 1 else None
        return free is not None and free < self._kept // 2

    def _idle(self, *, new: bool = False) -> Guest | None:
        """Return the server longest unused that no job is on; a new one only if the jobs that it is for do not come."""
        return next((guest for guest in self._living if not guest.busy and (new or guest not in self._new)), None)

    def _size(self, guest: Guest) -> int:
        """Return how much a server will take: what it took before, else the most that any takes."""
        known = [each.memory_mb or 0 for each in self._living]
        return guest.memory_mb or max(known, default=0) or SERVER_MB
