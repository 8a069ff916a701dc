"""Environments on this machine: nox makes the virtual environment, uv fills it from the lock."""

import hashlib
import shutil
import sys
from pathlib import Path

from filelock import AsyncFileLock

from runner.environments import HARNESS, Environment, EnvironmentFailure, harness_command, interpreters, locking
from runner.environments.locking import Lock
from runner.environments.processes import run
from runner.environments.variables import for_harness, for_installer
from runner.model import Cause, EnvironmentSpec

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
        lock = await locking.lock(spec, python, self._cache / "locks")
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

    async def _ensure(self, folder: Path, python: Path, lock: Lock) -> None:
        """Build what is not whole; two runs at once build it once."""
        done = folder / "lock.txt"
        if done.exists():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        async with AsyncFileLock(folder.with_suffix(".guard")):
            if not done.exists():
                await _build(folder, python, lock)


def _digest(spec: EnvironmentSpec, python: Path, lock: Lock) -> str:
    parts = [*lock.pins, str(python.resolve()), *(f"{name}={value}" for name, value in spec.variables), str(spec.keras)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


async def _build(folder: Path, python: Path, lock: Lock) -> None:
    """Build afresh; the lock is put beside the finished environment last, and says that it is whole."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pins = folder / "lock.part"
    pins.write_text("".join(f"{pin}\n" for pin in lock.pins), encoding="utf-8")
    wanted = {"CROSSLOAD_NAME": _SESSION, "CROSSLOAD_PYTHON": str(python), "CROSSLOAD_LOCK": str(pins)}
    command = [sys.executable, "-m", "nox", "--noxfile", str(_NOXFILE), "--envdir", str(folder), "--session", _SESSION]
    done = await run(command, for_installer() | wanted)
    if done.status:
        raise EnvironmentFailure(Cause.ENVIRONMENT_INSTALL, _explained(done.stdout + done.stderr))
    pins.rename(folder / "lock.txt")


def _explained(output: str) -> str:
    if "No space left on device" in output:
        return "The disk is full: an environment takes about 1 GB in crossload's cache."
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("nox >")]
    said = " ".join(line.strip() for line in lines[-12:])
    return f"Its packages could not be installed. Run again, as a download may have failed; uv says: {said}"
