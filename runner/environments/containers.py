"""
Containers: made behind walls, labelled, and removed whatever happens.

Each run holds a lock as long as it lives. A container says which run's it is: where that lock can be had its run is
dead, and what it left is removed.
"""

import asyncio
import os
import platform
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests
from docker.errors import DockerException, NotFound
from docker.models.containers import Container
from docker.types import LogConfig, Mount
from filelock import FileLock, Timeout

from runner.environments import EnvironmentFailure, engine
from runner.environments.engine import Image
from runner.environments.processes import Completed

HOME = "/run/crossload"
"""The home of a server and its jobs, in memory; they share nothing else that is theirs but /tmp."""

PROCESSES = 1024
INSTALL_SECONDS = 3600
THREADS = 32
TRIES = 3
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_RUN, _HOST = "crossload.run", "crossload.host"
_MiB = 2**20
_T = TypeVar("_T")

_WALLS: Mapping[str, Any] = {
    "network_mode": "none",
    "read_only": True,
    "tmpfs": {"/tmp": "size=256m,mode=1777", HOME: "size=64m,mode=1777"},  # noqa: S108  (inside of the container)
    "shm_size": "256m",
}
_HARDENED: Mapping[str, Any] = {
    "cap_drop": ["ALL"],
    "init": True,
    "pids_limit": PROCESSES,
    "log_config": LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
    "working_dir": "/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """
    What is to run in a container.

    Attributes:
        readable: Files and folders of this machine that it sees, at the same paths.
        writable: Those that it may change.
    """

    image: Image
    command: Sequence[str]
    variables: Mapping[str, str]
    readable: Sequence[Path] = ()
    writable: Sequence[Path] = ()

    def mounts(self) -> list[Mount]:
        """Return the mounts: what is inside of a writable folder needs none of its own."""
        outside = [path for path in self.readable if not any(map(path.is_relative_to, self.writable))]
        modes = dict.fromkeys(outside, True) | dict.fromkeys(self.writable, False)
        return [Mount(str(path), str(path), type="bind", read_only=closed) for path, closed in modes.items()]


class Containers:
    """
    The containers of one run.

    Args:
        folder: Of ours on this machine.

    Raises:
        EnvironmentFailure: If no engine answers.
    """

    def __init__(self, folder: Path) -> None:
        self.client = engine.connect()
        self._info = self._asked()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="docker")
        runs = folder / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(runs / f"{uuid.uuid4().hex}.lock")
        self._lock.acquire()
        self._fixed = self._user(Path(self._lock.lock_file).stat()) | self._security()
        with engine.told():
            self._sweep()

    @property
    def architecture(self) -> str:
        """Return the engine's, as Python says it: ``x86_64`` or ``aarch64``."""
        return str(self._info["Architecture"])

    @property
    def cores(self) -> int:
        """Return how many the engine has."""
        return int(self._info["NCPU"])

    async def call(self, function: Callable[..., _T], *args: Any) -> _T:
        """
        Call something of the SDK in a thread.

        Raises:
            EnvironmentFailure: If the engine does not do it.
        """
        try:
            return await self.in_thread(function, *args)
        except (DockerException, requests.exceptions.RequestException) as error:
            raise engine.failure(error) from error

    async def in_thread(self, function: Callable[..., _T], *args: Any) -> _T:
        """Call something that may block."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    async def run(self, task: Task, *, walled: bool = False) -> Completed:
        """
        Run something of ours to its end: an installation needs the network.

        Raises:
            EnvironmentFailure: If the engine cannot.
        """
        more = _WALLS if walled else {"network_mode": await self.call(self.network, task.variables)}
        container = await self.call(self._create, task, more)
        try:
            return await self.call(_to_its_end, container)
        finally:
            await self.remove(container)

    def create(self, task: Task, memory_mb: int, cores: int) -> Container:
        """Make a container for what one need not trust, which does not run yet and can be spoken to."""
        limits = {
            "mem_limit": memory_mb * _MiB,
            "memswap_limit": memory_mb * _MiB,
            "nano_cpus": min(cores, self.cores) * 10**9,
            "stdin_open": True,
        }
        return self._create(task, {**_WALLS, **limits})

    async def remove(self, container: Container) -> None:
        """Remove a container with all that runs in it; an engine that is gone has it removed at the next start."""
        await asyncio.shield(self.in_thread(_removed, container))

    def close(self) -> None:
        """Remove what is left of this run."""
        self._threads.shutdown()
        with suppress(DockerException, requests.exceptions.RequestException):
            for container in self._labelled(f"{_RUN}={self._lock.lock_file}"):
                _removed(container)
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)
        self.client.close()

    def _asked(self) -> dict[str, Any]:
        try:
            with engine.told():
                return dict(self.client.info())
        except EnvironmentFailure:
            self.client.close()
            raise

    def _create(self, task: Task, more: Mapping[str, Any]) -> Container:
        return self.client.containers.create(
            task.image.id,
            entrypoint=list(task.command[:1]),
            command=list(task.command[1:]),
            environment=dict(task.variables),
            mounts=task.mounts(),
            labels={_RUN: self._lock.lock_file, _HOST: platform.node()},
            **_HARDENED,
            **self._fixed,
            **more,
        )

    def _user(self, owner: os.stat_result) -> dict[str, Any]:
        """Run as whoever owns what we make: without capabilities not even root may write to what is another's."""
        if self._is("rootless"):
            return {"user": "0:0"}  # which is the caller, outside
        remapped = {"userns_mode": "host"} if self._is("userns") else {}
        return {"user": f"{owner.st_uid}:{owner.st_gid}", **remapped}

    def _security(self) -> dict[str, Any]:
        unlabelled = ["label=disable"] if self._is("selinux") else []  # else no mount can be read
        return {"security_opt": ["no-new-privileges:true", *unlabelled]}

    def _is(self, name: str) -> bool:
        return any(option.startswith(f"name={name}") for option in self._info.get("SecurityOptions") or [])

    def network(self, variables: Mapping[str, str]) -> str:
        """Name a network for an installer: this machine's if a proxy or index is on it, or the engine has no other."""
        named = os.environ.get("CROSSLOAD_DOCKER_NETWORK")
        here = any(f"//{host}" in value for value in variables.values() for host in _LOCAL)
        return named or ("host" if here or not self._has_bridge() else "bridge")

    def _has_bridge(self) -> bool:
        return bool(self.client.networks.list(names=["bridge"]))

    def _labelled(self, *labels: str) -> list[Container]:
        """Return the containers that have all of the labels; those that go away meanwhile are none."""
        return self.client.containers.list(all=True, filters={"label": list(labels)}, ignore_removed=True)

    def _sweep(self) -> None:
        """Remove what runs have left that were killed."""
        for container in self._labelled(_RUN, f"{_HOST}={platform.node()}"):
            if _dead(Path(container.labels[_RUN])):
                _removed(container)


def _dead(lock: Path) -> bool:
    """Tell whether a run has ended: its lock can be had."""
    try:
        with FileLock(lock, timeout=0):
            lock.unlink(missing_ok=True)
    except Timeout:
        return False
    except OSError:
        pass
    return True


def _to_its_end(container: Container) -> Completed:
    container.start()
    status = container.wait(timeout=INSTALL_SECONDS)["StatusCode"]
    out, err = (container.logs(stdout=first, stderr=not first) for first in (True, False))
    return Completed(status=status, stdout=out.decode("utf-8", "replace"), stderr=err.decode("utf-8", "replace"))


def _removed(container: Container) -> None:
    """Remove a container, tried again as the engine gives up on one whose processes take their time to end."""
    for _ in range(TRIES):
        try:
            container.remove(force=True, v=True)
        except NotFound:
            return
        except (DockerException, requests.exceptions.RequestException):
            continue
        return
