"""
What exactly to install: the resolution as of the release, kept as a lock.

``pip install`` of an old TensorFlow gives today's protobuf and NumPy, which it cannot import; resolved as of its
release it works. An index that gives no upload times cannot say what existed then: for it there are shipped
constraints.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from runner import releases
from runner.environments import EnvironmentFailure, PassingFailure
from runner.environments.installing import DISK_FULL, NO_SPACE, is_passing
from runner.environments.processes import Completed
from runner.model import EnvironmentSpec
from runner.record import Cause

_NO_TIMES = "# The index gives no upload times: resolved with the constraints that crossload ships, not as of a date."
_NO_UPLOAD_TIMES = "is missing an upload date"
_NO_SOLUTION = "No solution found"
_NETWORK_ADVICE = (
    "The package index did not answer: check the network, the proxy and the index settings (UV_DEFAULT_INDEX, "
    "uv.toml), then run again. "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """
    The exact pins of an environment.

    Attributes:
        pins: ``name==version``, sorted by name.
        note: How it was resolved, if not as of its date.
    """

    pins: tuple[str, ...]
    note: str = ""


class Uv(Protocol):
    """
    The uv that resolves, where the environment will be made.

    Attributes:
        platform: What it resolves for, such as ``linux-x86_64``: a lock holds for it alone.
        python: The interpreter that it resolves for, as uv's option takes it.
    """

    @property
    def platform(self) -> str:
        """Return the platform."""

    @property
    def python(self) -> str:
        """Return the interpreter."""

    async def run(self, arguments: Sequence[str], folder: Path) -> Completed:
        """
        Run uv.

        Args:
            folder: Where the files are that the arguments name.
        """


async def lock(spec: EnvironmentSpec, uv: Uv, folder: Path) -> Lock:
    """
    Return the lock of an environment, from `folder` if it was made before.

    Args:
        folder: Where locks are kept: all backends share them.

    Raises:
        EnvironmentFailure: If nothing satisfies the requirements, or the index does not answer.
    """
    path = folder / f"{_digest(spec, uv.platform)}.txt"
    try:
        text = path.read_text(encoding="utf-8")
        os.utime(path)  # when it was last used
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        text = await _resolve(spec, uv, folder)
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.rename(path)
    lines = text.splitlines()
    notes = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    return Lock(pins=tuple(line for line in lines if "==" in line), note=" ".join(notes))


def _digest(spec: EnvironmentSpec, platform: str) -> str:
    as_of = spec.as_of or datetime.now(UTC).date()
    asked = "\n".join([*spec.requirements, str(as_of), str(spec.released), spec.python, platform])
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


async def _resolve(spec: EnvironmentSpec, uv: Uv, folder: Path) -> str:
    done = await _compile(spec, uv, folder, dates=_dates(spec), constraints=())
    if done.status and _NO_UPLOAD_TIMES in done.stderr:
        done = await _compile(spec, uv, folder, dates=(), constraints=releases.fallback_constraints(spec))
        return f"{_NO_TIMES}\n{_checked(spec, done)}"
    return _checked(spec, done)


def _dates(spec: EnvironmentSpec) -> tuple[str, ...]:
    """Return uv's options for what existed; the packages that the matrix names are never hidden by its date."""
    if spec.as_of is None:
        return ()
    named = [("--exclude-newer-package", f"{name}={_end_of(day)}") for name, day in spec.released if day > spec.as_of]
    return ("--exclude-newer", _end_of(spec.as_of), *(word for pair in named for word in pair))


def _end_of(day: date) -> str:
    return f"{day + timedelta(days=1)}T00:00:00Z"


async def _compile(
    spec: EnvironmentSpec, uv: Uv, folder: Path, dates: tuple[str, ...], constraints: tuple[str, ...]
) -> Completed:
    with TemporaryDirectory(dir=folder) as temporary:
        files = {
            "asked": "\n".join(spec.requirements),
            "override": _override(spec),
            "constraint": "\n".join(constraints),
        }
        paths = {name: Path(temporary, f"{name}.txt") for name in files}
        for name, text in files.items():
            paths[name].write_text(text, encoding="utf-8")
        command = ["pip", "compile", "--no-header", "--no-annotate", "--python", uv.python, *dates, str(paths["asked"])]
        command += ["--override", str(paths["override"]), "--constraint", str(paths["constraint"])]
        return await uv.run(command, Path(temporary))


def _override(spec: EnvironmentSpec) -> str:
    """Keep the full wheel out where the CPU one is in: tf-keras asks for ``tensorflow``, which has the same files."""
    return "" if spec.distribution == "tensorflow" else "tensorflow ; sys_platform == 'never'"


def _checked(spec: EnvironmentSpec, done: Completed) -> str:
    if done.status == 0:
        return done.stdout
    if NO_SPACE in done.stderr:
        raise EnvironmentFailure(Cause.DISK_FULL, DISK_FULL)
    reason = " ".join(line.strip() for line in done.stderr.splitlines() if not line.startswith("warning:"))
    asked = ", ".join(spec.requirements)
    if _NO_SOLUTION in done.stderr:
        when = f"as of {spec.as_of}" if spec.as_of else "today"
        raise EnvironmentFailure(
            Cause.ENVIRONMENT_UNRESOLVABLE,
            f"Nothing satisfies {asked} for Python {spec.python} {when}. Change the versions, `packages` or `as_of` of "
            f"`{spec.name}` in the matrix. uv says: {reason}",
        )
    if is_passing(done.stderr):
        text = f"{asked} could not be resolved. {_NETWORK_ADVICE}uv says: {reason}"
        raise PassingFailure(Cause.ENVIRONMENT_INSTALL, text)
    raise EnvironmentFailure(Cause.ENVIRONMENT_INSTALL, f"{asked} could not be resolved. uv says: {reason}")
