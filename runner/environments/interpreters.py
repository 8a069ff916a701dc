"""Find a Python: uv's own, one on PATH, or pyenv's; else let uv download it."""

import os
from pathlib import Path

from uv import find_uv_bin

from runner.environments import EnvironmentFailure, PassingFailure
from runner.environments.installing import is_passing
from runner.environments.processes import run
from runner.environments.variables import for_installer
from runner.record import Cause


async def find(version: str) -> Path:
    """
    Return an interpreter of the minor version, such as ``3.9``.

    Raises:
        EnvironmentFailure: If there is none and none can be downloaded.
    """
    return await _installed(version) or await _downloaded(version)


async def _installed(version: str) -> Path | None:
    command = [find_uv_bin(), "python", "find", "--no-project", "--system", "--no-python-downloads", version]
    found = await run(command, for_installer() | {"PATH": _path()})
    return Path(found.stdout.strip()) if found.status == 0 else None


async def _downloaded(version: str) -> Path:
    done = await run([find_uv_bin(), "python", "install", version], for_installer())
    python = await _installed(version) if done.status == 0 else None
    if python is None:
        failure = PassingFailure if is_passing(done.stderr) else EnvironmentFailure
        raise failure(
            Cause.ENVIRONMENT_UNRESOLVABLE,
            f"No Python {version} was found (uv's own, on PATH, or pyenv's) and uv could not download one. "
            f"Install it, for example with `uv python install {version}` or `pyenv install {version}`. "
            f"uv says: {_last_line(done.stderr)}",
        )
    return python


def _path() -> str:
    """Return PATH with pyenv's interpreters first: behind its shims uv finds only those that are `global`."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    bins = sorted((str(path) for path in root.glob("versions/*/bin")), reverse=True)
    return os.pathsep.join([*bins, os.environ.get("PATH", os.defpath)])


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "nothing"
