"""
Environments in containers: uv makes them in a mounted store, and servers run in them behind walls.

A folder that is mounted beats every way of building an image: uv's cache and the environments are in one mount, so that
files are linked and not copied. Paths are the same on both sides of the wall.
"""

import asyncio
import hashlib
import shutil
from contextlib import suppress
from pathlib import Path

from filelock import AsyncFileLock

from runner.environments import (
    HARNESS,
    Connection,
    Environment,
    Reach,
    harness_command,
    locking,
)
from runner.environments.attached import attach
from runner.environments.container_uv import ContainerUv, container_uv
from runner.environments.containers import HOME, Containers, Task
from runner.environments.engine import EngineGone, Image
from runner.environments.installing import installation_failure
from runner.environments.locking import Lock
from runner.environments.variables import for_container
from runner.model import EnvironmentSpec, Limits

SERVER_MB = 2048
"""What a container may use beside its jobs, in MiB: for the server, and what is in memory as files."""

PATIENCE = (1, 2, 4, 8, 16)
"""Seconds to wait for an engine that was there and is gone."""

_VENV = "venv"
_INSTALL = """
set -e
"$UV" venv --quiet --python "$1" "$2"
"$UV" pip install --no-deps --python "$2/bin/python" --requirement "$3"
"""


class DockerBuilder:
    """
    Makes environments in containers, one for each set of pins and image, and reuses them.

    Args:
        cache: A folder of ours, which the engine must see too.
        limits: Of one job.
        jobs: How many of them may run at a time.
    """

    def __init__(self, cache: Path, limits: Limits, jobs: int) -> None:
        self._store, self._locks = cache / "docker", cache / "locks"
        self._limits, self._jobs = limits, jobs
        self._containers: Containers | None = None
        self._images: dict[str, Image] = {}
        self._connecting = asyncio.Lock()
        self._fetching = asyncio.Lock()

    async def prepare(self, spec: EnvironmentSpec) -> Environment:
        """Install an environment, or find it installed; see `Builder`."""
        containers = await self._connected()
        async with self._fetching:
            uv = await container_uv(containers, spec, self._store)
        lock = await locking.lock(spec, uv, self._locks)
        folder = self._store / "environments" / _digest(spec, uv.image, lock)
        environment = _environment(spec, uv.image, lock, folder)
        self._images[environment.digest] = uv.image
        await self._ensure(environment, lock, uv)
        return environment

    async def start(self, environment: Environment, log: Path, reach: Reach, *, shared: bool) -> Connection:
        """Start a server behind walls, as soon as there is an engine; see `Builder`."""
        hidden = [word for path in reach.writable for word in ("--hide", str(path))]
        task = Task(
            image=self._images[environment.digest],
            command=(*environment.command, *hidden),
            variables=environment.variables,
            readable=(environment.folder, HARNESS, *reach.readable),
            writable=reach.writable,
        )
        for seconds in PATIENCE:
            with suppress(EngineGone):
                return await self._start(task, log, shared=shared)
            await asyncio.sleep(seconds)
        return await self._start(task, log, shared=shared)

    def close(self) -> None:
        """Remove every container that is left."""
        if self._containers:
            self._containers.close()

    async def _start(self, task: Task, log: Path, *, shared: bool) -> Connection:
        containers = await self._connected()
        jobs = self._jobs if shared else 1
        memory = jobs * self._limits.memory_mb + SERVER_MB
        container = await containers.call(containers.create, task, memory, jobs)
        return await attach(containers, container, log)

    async def _connected(self) -> Containers:
        async with self._connecting:
            if self._containers is None:
                self._store.mkdir(parents=True, exist_ok=True)
                self._containers = await asyncio.to_thread(Containers, self._store)
            return self._containers

    async def _ensure(self, environment: Environment, lock: Lock, uv: ContainerUv) -> None:
        """Build what is not whole; two runs at once build it once."""
        folder, done = environment.folder, environment.folder / "lock.txt"
        if done.exists():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        async with AsyncFileLock(folder.with_suffix(".guard")):
            if not done.exists():
                await _build(environment, lock, uv)
                await self._warm_up(environment)
                (folder / "lock.part").rename(done)

    async def _warm_up(self, environment: Environment) -> None:
        """Let a server write byte code, and what it finds, which later ones cannot; if it fails, they will say so."""
        task = Task(
            image=self._images[environment.digest],
            command=environment.command,
            variables=environment.variables,
            readable=(HARNESS,),
            writable=(environment.folder,),
        )
        await (await self._connected()).run(task, walled=True)


def _environment(spec: EnvironmentSpec, image: Image, lock: Lock, folder: Path) -> Environment:
    return Environment(
        spec=spec,
        pins=lock.pins,
        note=lock.note,
        digest=folder.name,
        command=harness_command(folder / _VENV / "bin" / "python", HARNESS, folder / "record.json", spec),
        variables=for_container(spec, HOME),
        folder=folder,
        record=folder / "record.json",
        image=image.name,
    )


def _digest(spec: EnvironmentSpec, image: Image, lock: Lock) -> str:
    parts = [*lock.pins, image.content, *(f"{name}={value}" for name, value in spec.variables), str(spec.keras)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


async def _build(environment: Environment, lock: Lock, uv: ContainerUv) -> None:
    """Build afresh; the lock that says that it is whole is not in its place yet."""
    folder = environment.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pins = folder / "lock.part"
    pins.write_text("".join(f"{pin}\n" for pin in lock.pins), encoding="utf-8")
    done = await uv.run_script(_INSTALL, (uv.python, str(folder / _VENV), str(pins)), folder)
    if done.status:
        raise installation_failure("Its packages could not be installed.", done.stdout + done.stderr)
