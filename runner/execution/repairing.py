"""
A copy of an artifact that an environment can load, proved: it gives what the original gives where that one loads.

What is handed in is untrusted: only harnesses open it.
"""

import asyncio
import re
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import Version

from runner import releases
from runner.environments import Builder, EnvironmentFailure
from runner.errors import UnjudgeableError, UsageError
from runner.execution.attempts import Attempted, attempt
from runner.execution.hosts import Hosts, Listener, Means
from runner.execution.servers import Job
from runner.execution.settings import Options
from runner.files import emptied, open_left, remove
from runner.judgement import Judgement, judge_load, judge_save
from runner.model import Backend, EnvironmentSpec, Format, Matrix, Observation, Scenario, Status
from runner.writing import unwritable

MOST_REFERENCES = 4
"""How many environments are tried until one loads the original."""

_WAYS = ((), ("repair-config",), ("repair-weights",), ("repair-config", "repair-weights"))
_MAGIC = {b"\x89HDF": Format.H5, b"PK\x03\x04": Format.KERAS}
_SUFFIXES = {Format.H5: (".h5", ".hdf5"), Format.KERAS: (".keras",), Format.SAVEDMODEL: ("",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """
    What the original gives.

    Attributes:
        name: The environment that loads it.
        folder: Of the job that saw it.
    """

    name: str
    folder: Path
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """
    What came of a repair.

    Attributes:
        copy: The last copy that was made; None if none could be.
        changes: What is other in it, in words.
        judgement: How it loads, compared with the original where that loads.
        reference: The environment that loads the original; None if none does.
    """

    copy: Path | None = None
    changes: tuple[str, ...] = ()
    judgement: Judgement | None = None
    reference: str | None = None

    @property
    def loads(self) -> bool:
        """Tell whether the copy loads, and gives what the original gives as far as that is known."""
        return self.judgement is not None and self.judgement.status is Status.PASS


def artifact_format(path: Path) -> Format:
    """
    Return the format of a file or directory, by its content.

    Raises:
        UsageError: If it is none that has a configuration.
    """
    try:
        if path.is_dir() and (path / "saved_model.pb").is_file():
            return Format.SAVEDMODEL
        with open_left(path) as file:
            return _MAGIC[file.read(4)]
    except FileNotFoundError as error:
        raise UsageError(f"There is no {path}.") from error
    except KeyError as error:
        raise UsageError(f"{path} is neither HDF5, nor a .keras archive, nor the directory of a SavedModel.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def check_names(artifact: Path, out: Path) -> None:
    """
    Refuse a name for the copy that is taken, or that says another format than the copy will have.

    Raises:
        UsageError: With what to do.
    """
    suffixes = _SUFFIXES[artifact_format(artifact)]
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} exists already: remove it, or name another file for the copy.")
    if out.suffix not in suffixes:
        wanted = f"end in {suffixes[0]}" if suffixes[0] else "have no suffix, as it is a directory"
        raise UsageError(f"{out}: the copy must {wanted}; its content is that of {artifact_format(artifact)}.")


async def repair(
    artifact: Path,
    matrix: Matrix,
    target: EnvironmentSpec,
    out: Path,
    builders: Mapping[Backend, Builder],
    options: Options,
    listener: Listener,
) -> Repaired:
    """
    Write to `out` the copy of an artifact that an environment loads, if there is one.

    Raises:
        UnjudgeableError: If the environment cannot be had.
        OutputError: If the copy cannot be written.
    """
    scratch = emptied(options.cache / "scratch" / uuid.uuid4().hex)
    means = Means(
        builders=builders,
        limits=matrix.limits,
        slots=asyncio.Semaphore(options.jobs),
        builds=asyncio.Semaphore(2),
        logs=scratch,
        listener=listener,
    )
    hosts = Hosts(means, {})
    try:
        repaired = await Repair(artifact.absolute(), matrix, hosts, scratch).run(target, out.name)
        if repaired.loads and repaired.copy:
            _put(repaired.copy, out)
    except EnvironmentFailure as failure:
        raise UnjudgeableError(failure.explanation) from failure
    else:
        return repaired
    finally:
        await hosts.stop()
        remove(scratch)


def _put(copy: Path, out: Path) -> None:
    try:
        shutil.move(copy, out)
    except OSError as error:
        raise unwritable(out, error) from error


class Repair:
    """
    The repair of one artifact.

    Args:
        artifact: The file or the directory.
        scratch: An empty folder for the jobs; the copy is in it.
    """

    def __init__(self, artifact: Path, matrix: Matrix, hosts: Hosts, scratch: Path) -> None:
        self._artifact, self._matrix, self._hosts, self._scratch = artifact, matrix, hosts, scratch
        form = artifact_format(artifact)
        self._scenario = Scenario(name=artifact.name, folder=scratch, formats=(form,))
        self._blank = Job(
            id="",
            kind="load",
            folder="",
            scenario=str(scratch),
            script=None,
            format=form,
            path=str(artifact),
            artifact=str(artifact),
        )

    async def run(self, target: EnvironmentSpec, name: str) -> Repaired:
        """
        Make the copy that the target environment loads, and that gives what the original gives.

        Args:
            name: File name of the copy.

        Raises:
            EnvironmentFailure: If the target environment cannot be had.
        """
        reference = await self._reference(target)
        best = Repaired(reference=reference.name if reference else None)
        for steps in _WAYS:
            found = await self._try(steps, target, reference, name)
            if found.loads:
                return found
            best = found if found.judgement else best
        return best

    async def _reference(self, target: EnvironmentSpec) -> Reference | None:
        """Find an environment that loads the original; the target first, as then a plain copy does."""
        others = await self._nearest(target)
        for spec in (target, *others[:MOST_REFERENCES]):
            job = self._job("reference", spec.name)
            try:
                seen = (await self._attempt(spec, replace(job, kind="adopt"))).seen
            except EnvironmentFailure:
                if spec is target:
                    raise
                continue
            judged = judge_save(seen, self._hosts[spec].side(), self._matrix.limits.seconds)
            if judged.status is Status.PASS and seen.observation:
                return Reference(name=spec.name, folder=Path(job.folder), observation=seen.observation)
        return None

    async def _nearest(self, target: EnvironmentSpec) -> Sequence[EnvironmentSpec]:
        """Return the other environments, that whose Keras is the closest to the one that wrote the artifact first."""
        copied = await self._attempt(target, self._copying("asked", (), self._artifact.name))
        notes = copied.seen.observation.notes if copied.seen.observation else {}
        written = _version(notes.get("written-by", ""))
        others = [spec for spec in self._matrix.environments if spec.name != target.name]
        return sorted(others, key=lambda spec: _distance(_version(releases.expected_keras(spec) or ""), written))

    async def _try(
        self, steps: tuple[str, ...], target: EnvironmentSpec, reference: Reference | None, name: str
    ) -> Repaired:
        """Make a copy in one way, and load it."""
        named = reference.name if reference else None
        job = self._copying("+".join(steps) or "copy", steps, name)
        made = (await self._attempt(target, job)).seen.observation
        if made is None or made.exception or job.target is None:
            return Repaired(reference=named)
        copy = Path(job.target)
        judgement = await self._proved(target, reference, replace(job, path=str(copy), artifact=str(copy)))
        return Repaired(copy=copy, changes=made.changes, judgement=judgement, reference=named)

    async def _proved(self, target: EnvironmentSpec, reference: Reference | None, made: Job) -> Judgement:
        """Load a copy, and compare it with the original where that is known."""
        limit, side = self._matrix.limits.seconds, self._hosts[target].side()
        job = replace(made, id=f"{made.id}-loaded", folder=f"{made.folder}-loaded", remedies=())
        if reference is None:
            return judge_save((await self._attempt(target, replace(job, kind="adopt"))).seen, side, limit)
        loading = replace(job, kind="load", saved=str(reference.folder))
        seen = (await self._attempt(target, loading)).seen
        return judge_load(reference.observation, seen, self._scenario, (side, side), limit)

    def _copying(self, what: str, steps: tuple[str, ...], name: str) -> Job:
        copies = self._scratch / "copies" / what
        copies.mkdir(parents=True)
        return replace(self._job("make", what), kind="repair", remedies=steps, target=str(copies / name))

    def _job(self, what: str, name: str) -> Job:
        folder = self._scratch / f"{what}-{name}"
        return replace(self._blank, id=folder.name, folder=str(folder))

    async def _attempt(self, spec: EnvironmentSpec, job: Job) -> Attempted:
        return await attempt(self._hosts[spec], job, confirm=False)


def _version(text: str) -> Version | None:
    found = re.match(r"\d+(\.\d+)*", text)
    return Version(found[0]) if found else None


def _distance(version: Version | None, written: Version | None) -> tuple[int, int]:
    """Return how far two versions are apart, the major part first; far, where one is not known."""
    if version is None or written is None:
        return (99, 99)
    return abs(version.major - written.major), abs(version.minor - written.minor)
