"""
What exactly to install: the resolution as of the release, kept as a lock.

``pip install`` of an old TensorFlow gives today's protobuf and NumPy, which it cannot import; resolved as of its
release it works. An index that gives no upload times cannot say what existed then: for it there are shipped
constraints.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from uv import find_uv_bin

from runner import releases
from runner.environments import EnvironmentFailure
from runner.environments.processes import Completed, run
from runner.environments.variables import for_installer
from runner.model import Cause, EnvironmentSpec

_NO_TIMES = "# The index gives no upload times: resolved with the constraints that crossload ships, not as of a date."
_NO_UPLOAD_TIMES = "is missing an upload date"
_NO_SOLUTION = "No solution found"
_UNREACHABLE = re.compile(r"Failed to fetch|error sending request|Request failed|dns error|timed out|tcp connect")
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


async def lock(spec: EnvironmentSpec, python: Path, folder: Path) -> Lock:
    """
    Return the lock of an environment, from `folder` if it was made before.

    Args:
        python: The interpreter that it is for.
        folder: Where locks are kept.

    Raises:
        EnvironmentFailure: If nothing satisfies the requirements, or the index does not answer.
    """
    path = folder / f"{_digest(spec, python)}.txt"
    if not path.exists():
        text = await _resolve(spec, python)
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.rename(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    notes = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    return Lock(pins=tuple(line for line in lines if "==" in line), note=" ".join(notes))


def requirements(spec: EnvironmentSpec) -> tuple[str, ...]:
    """Return what the matrix asks for, as pip writes it."""
    keras = (f"keras=={spec.keras}",) if spec.keras else ()
    tf_keras = (f"tf-keras=={spec.tf_keras}",) if spec.tf_keras else ()
    return (f"{spec.distribution}=={spec.tensorflow}", *keras, *tf_keras, *spec.packages)


def _digest(spec: EnvironmentSpec, python: Path) -> str:
    as_of = spec.as_of or datetime.now(UTC).date()
    asked = "\n".join([*requirements(spec), str(as_of), str(spec.released), str(python.resolve())])
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


async def _resolve(spec: EnvironmentSpec, python: Path) -> str:
    done = await _compile(spec, python, dates=_dates(spec), constraints=())
    if done.status and _NO_UPLOAD_TIMES in done.stderr:
        done = await _compile(spec, python, dates=(), constraints=releases.fallback_constraints(spec))
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
    spec: EnvironmentSpec, python: Path, dates: tuple[str, ...], constraints: tuple[str, ...]
) -> Completed:
    with TemporaryDirectory() as temporary:
        override, constraint = Path(temporary, "override.txt"), Path(temporary, "constraint.txt")
        override.write_text(_override(spec), encoding="utf-8")
        constraint.write_text("\n".join(constraints), encoding="utf-8")
        command = [find_uv_bin(), "pip", "compile", "--no-header", "--no-annotate", "--python", str(python), *dates]
        command += ["--override", str(override), "--constraint", str(constraint), "-"]
        return await run(command, for_installer(), stdin="\n".join(requirements(spec)))


def _override(spec: EnvironmentSpec) -> str:
    """Keep the full wheel out where the CPU one is in: tf-keras asks for ``tensorflow``, which has the same files."""
    return "" if spec.distribution == "tensorflow" else "tensorflow ; sys_platform == 'never'"


def _checked(spec: EnvironmentSpec, done: Completed) -> str:
    if done.status == 0:
        return done.stdout
    reason = " ".join(line.strip() for line in done.stderr.splitlines() if not line.startswith("warning:"))
    asked = ", ".join(requirements(spec))
    if _NO_SOLUTION in done.stderr:
        when = f"as of {spec.as_of}" if spec.as_of else "today"
        raise EnvironmentFailure(
            Cause.ENVIRONMENT_UNRESOLVABLE,
            f"Nothing satisfies {asked} for Python {spec.python} {when}. Change the versions, `packages` or `as_of` of "
            f"`{spec.name}` in the matrix. uv says: {reason}",
        )
    advice = _NETWORK_ADVICE if _UNREACHABLE.search(done.stderr) else ""
    raise EnvironmentFailure(Cause.ENVIRONMENT_INSTALL, f"{asked} could not be resolved. {advice}uv says: {reason}")
