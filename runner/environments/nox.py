"""Environments on this machine: nox makes the virtual environment, uv fills it from the lock."""

import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from platform import machine

from filelock import AsyncFileLock
from uv import find_uv_bin

from runner.environments import (
    HARNESS,
    Connection,
    Environment,
    Reach,
    harness_command,
    interpreters,
    local,
    locking,
)
from runner.environments.installing import installation_failure
from runner.environments.locking import Lock
from runner.environments.processes import Completed, inheritable_lock, run
from runner.environments.variables import for_harness, for_installer
from runner.model import EnvironmentSpec

_SESSION = "venv"
_NOXFILE = Path(__file__).with_name("noxfile.py")


class NoxBuilder:
    """
    Makes virtual environments below `cache`, one for each set of pins, and reuses them.

    Args:
        cache: A folder of ours; the environments of all matrices of a user share it.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    async def prepare(self, spec: EnvironmentSpec) -> Environment:
        """Install an environment, or find it installed; see `Builder`."""
        python = await interpreters.find(spec.python)
        lock = await locking.lock(spec, HostUv(python), self._cache / "locks")
        digest = _digest(spec, python, lock)
        folder = self._cache / "environments" / digest
        await self._ensure(folder, python, lock)
        return Environment(
            spec=spec,
            pins=lock.pins,
            note=lock.note,
            digest=digest,
            command=harness_command(folder / _SESSION / "bin" / "python", HARNESS, folder / "record.json", spec),
            variables=for_harness(spec, folder / "keras"),
            folder=folder,
            record=folder / "record.json",
        )

    async def start(self, environment: Environment, log: Path, reach: Reach, *, shared: bool) -> Connection:  # noqa: ARG002
        """Start a server as a process of this machine, which has no walls; see `Builder`."""
        return await local.start(environment, log)

    async def _ensure(self, folder: Path, python: Path, lock: Lock) -> None:
        """Build what is not whole; two runs at once build it once."""
        done = folder / "lock.txt"
        if done.exists():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        async with AsyncFileLock(folder.with_suffix(".guard")):
            if done.exists():
                return
            async with inheritable_lock(folder.with_suffix(".installing")) as installing:
                await _build(folder, python, lock, installing)
            folder.with_suffix(".installing").unlink()


class HostUv:
    """The uv of this machine; see `runner.environments.locking.Uv`."""

    platform = f"{sys.platform}-{machine()}"

    def __init__(self, python: Path) -> None:
        self.python = str(python)

    async def run(self, arguments: Sequence[str], folder: Path) -> Completed:  # noqa: ARG002, all folders are seen here
        """Run uv."""
        return await run([find_uv_bin(), *arguments], for_installer())


def _digest(spec: EnvironmentSpec, python: Path, lock: Lock) -> str:
    parts = [*lock.pins, str(python.resolve()), *(f"{name}={value}" for name, value in spec.variables), str(spec.keras)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


async def _build(folder: Path, python: Path, lock: Lock, installing: int) -> None:
    """
    Build afresh; the lock is put beside the finished environment last, and says that it is whole.

    Args:
        installing: A descriptor that nox holds: it goes on when this process is killed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pins = folder / "lock.part"
    pins.write_text("".join(f"{pin}\n" for pin in lock.pins), encoding="utf-8")
    wanted = {"CROSSLOAD_NAME": _SESSION, "CROSSLOAD_PYTHON": str(python), "CROSSLOAD_LOCK": str(pins)}
    command = [sys.executable, "-m", "nox", "--noxfile", str(_NOXFILE), "--envdir", str(folder), "--session", _SESSION]
    done = await run(command, for_installer() | wanted, holding=(installing,))
    if done.status:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("nox >")]
        raise installation_failure("Its packages could not be installed.", "\n".join(filter(str.strip, lines)))
    pins.rename(folder / "lock.txt")
