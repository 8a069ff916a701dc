"""An environment while a run uses it: built when first needed, served while there is work, ended when there is none."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from runner.cache.use import Use
from runner.diagnosis import Side
from runner.environments import Builder, Environment, EnvironmentFailure, PassingFailure, Reach
from runner.environments.installing import DISK_FULL
from runner.execution.room import Room
from runner.execution.servers import Ended, Job, Server, Versions, lost, start
from runner.execution.slots import Slots, Turn
from runner.model import Backend, EnvironmentSpec, Isolation, Limits
from runner.record import Cause, EnvironmentRecord

RESTARTS = 10
PATIENCE = (2.0, 8.0)
"""Seconds to wait for a network that has failed; uv itself has tried four times by then, within some seconds."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the first harness server of an environment keeps of it."""

    versions: Versions
    modules: list[str]


_FOUND: TypeAdapter[_Found] = TypeAdapter(_Found)


class Listener(Protocol):
    """Whoever shows what is going on."""

    def environment(self, name: str, state: str) -> None:
        """
        Hear what an environment does now.

        It is ``installing``, ``installed``, ``waiting for memory``, ``importing``, ``ready`` or ``error``.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """
    What all environments of a run share.

    Attributes:
        slots: One for each job that may run at a time; an import of TensorFlow takes one too.
        room: Where servers find memory.
        builds: One for each environment that may be built at a time.
        logs: Folder for what the servers print.
        reach: What of this machine the jobs of the run need.
        use: Where what the run uses of the cache is noted.
    """

    builders: Mapping[Backend, Builder]
    limits: Limits
    slots: Slots
    room: Room
    builds: asyncio.Semaphore
    logs: Path
    reach: Reach
    use: Use
    listener: Listener


class Hosts:
    """
    The environments of a run: those of the plan, and those that are made for a remedy when one asks for it.

    Args:
        uses: How many jobs will ask for each environment of the plan.
    """

    def __init__(self, means: Means, uses: Mapping[EnvironmentSpec, int]) -> None:
        self._means = means
        self._hosts = {spec: Host(spec, means, uses=number) for spec, number in uses.items()}
        self._planned = tuple(uses)

    def __getitem__(self, spec: EnvironmentSpec) -> "Host":
        """Return the host of an environment; one that is not of the plan lives until the run ends."""
        if spec not in self._hosts:
            self._hosts[spec] = Host(spec, self._means, uses=0)
        return self._hosts[spec]

    def planned(self) -> "dict[str, Host]":
        """Return the hosts of the plan by the name of their environment."""
        return {spec.name: self._hosts[spec] for spec in self._planned}

    def inside(self) -> float:
        """Return the seconds that all of them together spent inside TensorFlow."""
        return sum(host.inside for host in self._hosts.values())

    async def stop(self) -> None:
        """End every server."""
        await asyncio.gather(*(host.stop() for host in self._hosts.values()))


class Host:
    """
    One environment of a run.

    Args:
        uses: How many jobs will ask for it; after that many `done` the server ends.
    """

    def __init__(self, spec: EnvironmentSpec, means: Means, *, uses: int) -> None:
        self.spec = spec
        self._builder, self._limits, self._listener = means.builders[spec.backend], means.limits, means.listener
        self._log = means.logs / f"{spec.name}.log"
        self._slots, self._builds, self._reach = means.slots, means.builds, means.reach
        self._room = means.room
        self._use = means.use
        self._walled = spec.backend is Backend.DOCKER
        self._alone = self._walled and spec.isolation is Isolation.CONTAINER
        self._uses = uses
        self._jobs = 0
        self._starting = asyncio.Lock()
        self._server: Server | None = None
        self.memory_mb: int | None = None
        """How much its server takes; None if none was ever started."""
        self._failure: EnvironmentFailure | None = None
        self._environment: Environment | None = None
        self._found: Versions | None = None
        self._seconds = 0.0
        self.inside = 0.0
        """Seconds spent importing TensorFlow and inside its calls: what no runner could save."""

    @property
    def shares(self) -> bool:
        """Tell whether its jobs share the limits of one container."""
        return self._walled and not self._alone

    @property
    def busy(self) -> bool:
        """Tell whether a job is on its server, waits for its turn there, or is about to follow another."""
        return self._jobs > 0

    async def environment(self) -> Environment:
        """
        Return the installed environment.

        Raises:
            EnvironmentFailure: The same at every call, once it could not be made.
        """
        if self._environment and not self._failure:
            return self._environment
        return await self._once(self._prepare)

    async def ready(self) -> None:
        """
        Wait until there is a server, which may be gone again when a job comes.

        Whoever waits here, and not with a job, leaves the way free to those whose server lives.

        Raises:
            EnvironmentFailure: If there can be none.
        """
        if not self._alone:
            await self._live_server()

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[None]:
        """
        Keep its server for jobs that follow each other.

        Nothing may be waited for inside that needs the server of another environment: that may wait for its place.
        """
        self._jobs += 1
        try:
            yield
        finally:
            self._jobs -= 1
            if not self._jobs:
                await self._room.used(self)

    async def run(self, job: Job) -> Ended:
        """Have one job done, by a server that is started for it if none lives."""
        async with self.in_use():
            return await self._run(job)

    async def _run(self, job: Job) -> Ended:
        for _ in range(RESTARTS):
            if self._alone:
                return await self.run_alone(job)
            server = await self._live_server()
            if self._walled and not server.confined:
                await self._part()
                continue
            async with self._slots.take(_turn(job)):
                if not server.lost:  # as it may be by now: another job has ended it
                    return await _run_on(server, job)
        return lost(job.id)

    async def run_again(self, job: Job) -> Ended:
        """Have a job done that died or hung: without neighbours, where those may be anybody's."""
        return await (self.run_alone(job) if self._walled else self.run(job))

    async def run_alone(self, job: Job) -> Ended:
        """Have one job done by a server of its own: if it ends that one, no other job is on it."""
        environment = await self.environment()
        async with self._slots.take(_turn(job)):
            log = self._log.with_name(f"{job.id}.log")
            server = await start(self._builder, environment, self._limits, log, job.reach(), shared=False)
            try:
                return await server.run(job)
            finally:
                await server.stop()

    async def done(self) -> None:
        """Hear that one of the uses is over; a remedy of another cell may still be at work."""
        self._uses -= 1
        if self._uses == 0 and not self._jobs:
            await self.stop()

    async def stop(self) -> None:
        """End the server, if one lives."""
        server, self._server = self._server, None
        if server:
            with self._room.leaving(self):
                await server.stop()

    async def make_way(self) -> None:
        """End the server for the sake of another; it is started again when a job comes."""
        await self.stop()
        self._listener.environment(self.spec.name, "installed")

    def side(self) -> Side:
        """Return the environment as a diagnosis sees it."""
        versions = self._versions()
        if versions is None:
            return Side(name=self.spec.name, versions={})
        named = {"python": versions.python, "tensorflow": versions.tensorflow, "keras": versions.keras or "0"}
        return Side(name=self.spec.name, versions={**versions.packages, **named})

    def record(self) -> EnvironmentRecord:
        """Return what the environment really was."""
        failure, versions = self._failure, self._versions()
        if failure or versions is None or self._environment is None:
            return EnvironmentRecord(
                backend=self.spec.backend,
                status="error",
                cause=failure.cause if failure else None,
                explanation=failure.explanation if failure else "It was not needed.",
                seconds=self._seconds,
            )
        return EnvironmentRecord(
            python=versions.python,
            tensorflow=versions.tensorflow,
            keras=versions.keras,
            packages=dict(pin.split("==", 1) for pin in self._environment.pins),
            backend=self.spec.backend,
            image=self._environment.image or None,
            explanation=self._environment.note,
            seconds=self._seconds,
        )

    def pins(self) -> tuple[str, ...]:
        """Return the exact pins, as far as they are known."""
        return self._environment.pins if self._environment else ()

    async def _part(self) -> None:
        """Give each job a server of its own from now on: this kernel cannot keep them apart in one."""
        self._alone = True
        await self.stop()

    async def _once(self, make: Callable[[], Awaitable[_T]]) -> _T:
        async with self._starting:
            if self._failure:
                raise self._failure
            try:
                return await make()
            except EnvironmentFailure as failure:
                self._failure = failure
                self._listener.environment(self.spec.name, "error")
                raise

    async def _prepare(self) -> Environment:
        if self._environment is None:
            async with self._builds:
                started = asyncio.get_running_loop().time()
                self._listener.environment(self.spec.name, "installing")
                self._environment = await self._build()
                self._listener.environment(self.spec.name, "installed")
            self._seconds = round(asyncio.get_running_loop().time() - started, 3)
        return self._environment

    async def _build(self) -> Environment:
        try:
            environment = await self._prepared()
            if not await self._use.hold(environment.folder):  # someone has just pruned the cache
                environment = await self._prepared()
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise EnvironmentFailure(Cause.DISK_FULL, DISK_FULL) from error
            text = f"{self.spec.name} could not be built: {error}."
            raise EnvironmentFailure(Cause.ENVIRONMENT_INSTALL, text) from error
        else:
            return environment

    async def _prepared(self) -> Environment:
        """Have it prepared, and again after a while where the network failed: nothing else gets better by waiting."""
        for seconds in PATIENCE:
            with suppress(PassingFailure):
                return await self._builder.prepare(self.spec)
            await asyncio.sleep(seconds)
        return await self._builder.prepare(self.spec)

    async def _live_server(self) -> Server:
        """Return the server, started if none lives."""
        if self._server and not self._server.lost:
            return self._server
        return await self._once(self._serve)

    async def _serve(self) -> Server:
        environment = await self._prepare()
        if self._server and self._server.lost:
            await self.stop()
        if self._server is None:
            async with self._room.entering(self, self._wait), self._slots.take(Turn.IMPORT):
                self._server = await self._start(environment)
                self.memory_mb = self._server.memory_mb
        return self._server

    def _wait(self) -> None:
        self._listener.environment(self.spec.name, "waiting for memory")

    async def _start(self, environment: Environment) -> Server:
        self._listener.environment(self.spec.name, "importing")
        started = asyncio.get_running_loop().time()
        server = await start(self._builder, environment, self._limits, self._log, self._reach, shared=True)
        self.inside += asyncio.get_running_loop().time() - started
        self._listener.environment(self.spec.name, "ready")
        return server

    def _versions(self) -> Versions | None:
        """Return what the environment's first server found, if one ever was ready."""
        if self._found is None and self._environment is not None:
            with suppress(OSError, ValidationError):
                self._found = _FOUND.validate_json(self._environment.record.read_bytes()).versions
        return self._found


async def _run_on(server: Server, job: Job) -> Ended:
    """Have one job done; where nothing is known of its end, nothing of it is left to write into its folder."""
    ended = await server.run(job)
    if ended.ended == "lost":
        await server.stop()
    return ended


def _turn(job: Job) -> Turn:
    return Turn.SAVE if job.kind == "save" else Turn.CELL
