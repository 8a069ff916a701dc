"""
The runner's end of a harness server: start it, give it jobs, hear how they ended, end it.

What comes back is untrusted: a line is bounded and checked, and a server that says anything else counts as lost.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter
from pydantic_core import to_json

from runner.diagnosis import Diagnosis, Side, diagnose
from runner.environments import LINE_LIMIT, Builder, Connection, Environment, EnvironmentFailure, Reach
from runner.model import Limits
from runner.record import Cause, Raised
from runner.wording import shown

PROTOCOL: Final = 1
START_SECONDS = 600.0
GRACE_SECONDS = 30.0
SAVE_SEED, LOAD_SEED, AGAIN_SEED = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    What a harness is asked to do; every path is absolute.

    Attributes:
        folder: The job's own folder, which exists and is empty.
        script: The scenario's script, or None for the format's default loader.
        path: Where to save to, or what to load.
        artifact: The folder that holds all of it.
        saved: For a load, the folder of the save's observation.
        activations: Whether to observe the activations of the layers.
        training: Whether to make a training step, if there are targets.
        remedies: What to do differently when loading, such as ``compile-false``.
        save_script: The scenario's save script, for remedies that need its classes or its model.
        target: Where a ``resave`` (in `target_format`) or a ``repair`` writes to.
        seed: Of everything random in it. A load has another than its save, else what it lost may come back by chance.
        fresh: Whether to use a new process rather than a fork.
    """

    id: str
    kind: Literal["save", "load", "resave", "adopt", "repair"]
    folder: Path
    scenario: Path
    script: str | None
    format: str
    path: Path
    artifact: Path
    saved: Path | None = None
    call: str = "call"
    activations: bool = False
    training: bool = True
    remedies: tuple[str, ...] = ()
    save_script: str | None = None
    target: Path | None = None
    target_format: str | None = None
    seed: int = SAVE_SEED
    fresh: bool = False

    def reach(self) -> Reach:
        """Return what it needs of this machine; a link in the place of what another job left may lead anywhere."""
        writable = (self.folder, *((self.target.parent,) if self.target else ()))
        left = (path for path in (self.artifact, self.saved) if path and not path.is_symlink())
        readable = tuple(path for path in (self.scenario, *left) if not path.is_relative_to(self.folder))
        return Reach(readable=readable, writable=writable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """
    How a job's process ended.

    Attributes:
        ended: ``exit`` and ``signal`` are its own; ``timeout``, ``memory``, ``disk`` and ``processes`` are our limits;
            ``lost`` is unknown.
        status: Exit status, or the number of the signal.
    """

    id: str
    ended: Literal["exit", "signal", "timeout", "memory", "disk", "processes", "stopped", "lost"]
    status: int
    seconds: float
    peak_rss_mb: int
    event: Literal["ended"] = "ended"
    protocol: Literal[1] = PROTOCOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What was imported in an environment."""

    python: str
    tensorflow: str
    keras: str | None
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    event: Literal["ready"]
    versions: Versions
    confined: bool
    memory_mb: int
    protocol: Literal[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Broken:
    event: Literal["broken"]
    exception: Raised
    protocol: Literal[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silent(_Broken):
    """It ended without a word, which may have been for want of memory at that moment."""


_GREETING: TypeAdapter[_Ready | _Broken] = TypeAdapter(_Ready | _Broken)
_ENDED: TypeAdapter[Ended] = TypeAdapter(Ended)


class Server:
    """
    One running harness server.

    Attributes:
        confined: Whether the kernel keeps its jobs from the folders that it was told to hide.
        memory_mb: How much it takes, before any job.
    """

    def __init__(self, connection: Connection, ready: _Ready, limits: Limits) -> None:
        self.versions = ready.versions
        self.confined = ready.confined
        self.memory_mb = ready.memory_mb
        self._connection = connection
        self._limits = limits
        self._waiting: dict[str, asyncio.Future[Ended]] = {}
        self._listener = asyncio.create_task(self._listen())

    @property
    def lost(self) -> bool:
        """Tell whether it has ended, or stopped making sense."""
        return self._listener.done()

    async def run(self, job: Job) -> Ended:
        """
        Have one job done.

        Returns:
            How it ended: ``lost`` if the server went away or did not end it in time.
        """
        future: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._waiting[job.id] = future
        try:
            await self._send(_fields(job) | _fields(self._limits))
            async with asyncio.timeout(self._limits.seconds + GRACE_SECONDS):
                return await future
        except (TimeoutError, ConnectionError):
            self._listener.cancel()
            return lost(job.id)
        finally:
            self._waiting.pop(job.id, None)

    async def stop(self) -> None:
        """End the server and everything that it started."""
        self._listener.cancel()
        await self._connection.end()

    async def _send(self, message: dict[str, Any]) -> None:
        if self.lost:
            raise ConnectionError
        await self._connection.send(to_json(message) + b"\n")

    async def _listen(self) -> None:
        """Hand each answer to whoever waits for it, until there is no more or it makes no sense."""
        try:
            while line := await self._connection.receive():
                ended = _ENDED.validate_json(line)
                if (future := self._waiting.get(ended.id)) and not future.done():
                    future.set_result(ended)
            await self._tell_who_took_all()
        except (ValueError, ConnectionError):  # pydantic's error is a ValueError, and so is a line over the limit
            pass
        finally:
            for name, future in self._waiting.items():
                if not future.done():
                    future.set_result(lost(name))

    async def _tell_who_took_all(self) -> None:
        """Answer for the only job that ran when all memory was used up."""
        left = [name for name, future in self._waiting.items() if not future.done()]
        if len(left) == 1 and await self._connection.out_of_memory():
            self._waiting[left[0]].set_result(replace(lost(left[0]), ended="memory"))


def _fields(value: Job | Limits) -> dict[str, Any]:
    """Return the fields of what holds nothing but text, paths, numbers and lists of them."""
    return {name: getattr(value, name) for name in value.__slots__}


def lost(name: str) -> Ended:
    """Return the end of a job that nothing is known about."""
    return Ended(id=name, ended="lost", status=0, seconds=0.0, peak_rss_mb=0)


async def start(
    builder: Builder, environment: Environment, limits: Limits, log: Path, reach: Reach, *, shared: bool
) -> Server:
    """
    Start the harness server of an environment and wait until it has imported TensorFlow; once more if it is lost.

    Args:
        log: Where its standard error goes.
        reach: What its jobs need of this machine.
        shared: Whether it is for more than one job.

    Raises:
        EnvironmentFailure: If it cannot; its own reason is in the explanation.
    """
    met = await _met(builder, environment, limits, log, reach, shared=shared)
    if isinstance(met, _Silent):
        met = await _met(builder, environment, limits, log, reach, shared=shared)
    if isinstance(met, _Broken):
        raise _import_failure(environment, met, log)
    return met


async def _met(
    builder: Builder, environment: Environment, limits: Limits, log: Path, reach: Reach, *, shared: bool
) -> Server | _Broken:
    connection = await builder.start(environment, log, reach, shared=shared)
    greeting: _Ready | _Broken | None = None
    try:
        greeting = await _greeting(connection)
    finally:
        if not isinstance(greeting, _Ready):
            await connection.end()
    return Server(connection, greeting, limits) if isinstance(greeting, _Ready) else greeting


async def _greeting(connection: Connection) -> _Ready | _Broken:
    line = b""
    try:
        line = await asyncio.wait_for(connection.receive(), START_SECONDS)
        return _GREETING.validate_json(line)
    except TimeoutError:
        return _broken(f"the import of TensorFlow did not end within {START_SECONDS:.0f} seconds")
    except ValueError:  # pydantic's error is one, and so is a line over the limit
        if line:
            return _broken(f"something else spoke on its output: {shown(line.decode(errors='replace'))}")
        return _broken("the process ended while it imported TensorFlow", kind=_Silent)


def _broken(text: str, kind: type[_Broken] = _Broken) -> _Broken:
    return kind(event="broken", exception=Raised(type="ImportError", message=text), protocol=PROTOCOL)


def _import_failure(environment: Environment, broken: _Broken, log: Path) -> EnvironmentFailure:
    """Say why TensorFlow cannot be imported, and what of it the table of causes knows."""
    printed = log.read_bytes()[-LINE_LIMIT:].decode("utf-8", "replace")
    found = _reason(environment, broken, printed)
    known = "" if found.cause is Cause.UNRECOGNISED else f"{found.cause}. {found.explanation} "
    text = f"TensorFlow cannot be used in {environment.spec.name}: {known}{_said(environment, broken, printed)}"
    return EnvironmentFailure(Cause.ENVIRONMENT_IMPORT, text, reason=found.cause)


def _said(environment: Environment, broken: _Broken, printed: str) -> str:
    said = printed[-2000:].strip() if not broken.exception.traceback else ""
    lines = [line.strip() for line in said.splitlines() if line.strip()][-3:]
    return " ".join([broken.exception.first_line, *lines]).replace(str(environment.folder), "<environment>")


def _reason(environment: Environment, broken: _Broken, printed: str) -> Diagnosis:
    pins = dict(pin.split("==", 1) for pin in environment.pins)
    versions = {**pins, "python": environment.spec.python, "tensorflow": environment.spec.tensorflow}
    side = Side(name=environment.spec.name, versions=versions)
    return diagnose(None, broken.exception, printed, side, side)
