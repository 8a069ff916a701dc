"""
A copy of an artifact that an environment can load, proved: it gives what the original gives where that one loads.

What is handed in is untrusted: only harnesses open it.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import Version

from runner import releases
from runner.cache.use import Use
from runner.diagnosis import Side
from runner.environments import Builder, EnvironmentFailure, Reach
from runner.errors import UnjudgeableError, UsageError
from runner.execution.attempts import Attempted, attempt
from runner.execution.free import free_mb
from runner.execution.hosts import Hosts, Listener, Means
from runner.execution.room import Room
from runner.execution.servers import LOAD_SEED, Job
from runner.execution.settings import Options
from runner.execution.slots import Slots
from runner.files import open_left, remove
from runner.judgement import Judgement, judge_load, judge_resave, judge_save
from runner.model import Backend, EnvironmentSpec, Format, Matrix, Scenario
from runner.observation import Observation
from runner.record import Status
from runner.wording import printable
from runner.writing import unwritable

MOST_REFERENCES = 4
"""How many environments are tried until one loads the original."""

_WAYS = ((), ("repair-config",), ("repair-weights",), ("repair-config", "repair-weights"))
_REFUSED = "Refused"
_UNCOMPILED = "compile-false"
_MAGIC = {b"\x89HDF": Format.H5, b"PK\x03\x04": Format.KERAS}
_SUFFIXES = {Format.H5: (".h5", ".hdf5"), Format.KERAS: (".keras",), Format.SAVEDMODEL: ("",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """
    How the model is loaded, original and copy alike.

    Attributes:
        objects: A script with the classes and functions of its own that the model needs; it is run.
        trusted: Whether code from the artifact may be run.
    """

    objects: Path | None = None
    trusted: bool = False

    @property
    def remedies(self) -> tuple[str, ...]:
        """Return them as steps that a harness knows."""
        return (*(("custom-objects",) if self.objects else ()), *(("safe-mode-off",) if self.trusted else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """
    What the original gives.

    Attributes:
        spec: The environment that loads it.
        folder: Of the job that saw it.
    """

    spec: EnvironmentSpec
    folder: Path
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A copy that was made, as a job that opens it, and what is other in it, in words."""

    job: Job
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """
    What came of a repair.

    Attributes:
        copy: The last copy that was made; None if none could be.
        changes: What is other in it, in words.
        judgement: How it loads, compared with the original where that loads.
        reference: The environment that loads the original; None if none does.
        compiled: Whether it loads with what it was compiled with.
    """

    copy: Path | None = None
    changes: tuple[str, ...] = ()
    judgement: Judgement | None = None
    reference: str | None = None
    compiled: bool = True

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
    if path.is_symlink():
        raise UsageError(f"{path} is a symbolic link, which may lead anywhere: name what it leads to.")
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
    Refuse a name for the copy that is taken, cannot be written, or says another format than the copy will have.

    Raises:
        UsageError: With what to do.
    """
    suffixes = _SUFFIXES[artifact_format(artifact)]
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} exists already: remove it, or name another file for the copy.")
    if out.suffix not in suffixes:
        wanted = f"end in {suffixes[0]}" if suffixes[0] else "have no suffix, as it is a directory"
        raise UsageError(f"{out}: the copy must {wanted}; its content is that of {artifact_format(artifact)}.")
    if not out.parent.is_dir():
        raise UsageError(f"There is no folder {out.parent} for the copy: make it first.")
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise UsageError(f"The folder {out.parent} cannot be written to: name another one for the copy.")


async def repair(
    artifact: Path,
    matrix: Matrix,
    target: EnvironmentSpec,
    out: Path,
    builders: Mapping[Backend, Builder],
    options: Options,
    listener: Listener,
    arguments: Arguments,
) -> Repaired:
    """
    Write to `out` the copy of an artifact that an environment loads, if there is one.

    Raises:
        UnjudgeableError: If the environment cannot be had.
        UsageError: If the artifact must not be opened.
        OutputError: If the copy cannot be written.
    """
    with Use(options.cache) as use:
        means = Means(
            builders=builders,
            limits=matrix.limits,
            slots=Slots(options.jobs),
            room=Room(options.jobs, matrix.limits.memory_mb, free_mb),
            builds=asyncio.Semaphore(2),
            logs=use.scratch,
            reach=Reach(readable=_needed(artifact, arguments), writable=(use.scratch,)),
            use=use,
            listener=listener,
        )
        hosts = Hosts(means, {})
        try:
            repaired = await Repair(artifact.absolute(), matrix, hosts, use.scratch, arguments).run(target, out.name)
            if repaired.loads and repaired.copy:
                put(repaired.copy, out)
        except EnvironmentFailure as failure:
            raise UnjudgeableError(failure.explanation) from failure
        else:
            return repaired
        finally:
            await hosts.stop()


def _needed(artifact: Path, arguments: Arguments) -> tuple[Path, ...]:
    return (artifact.absolute(), *([arguments.objects.absolute().parent] if arguments.objects else []))


def put(copy: Path, out: Path) -> None:
    """
    Write a copy at once or not at all: beside its place first, which may be on another disk than the scratch.

    Raises:
        OutputError: If it cannot be written.
        UsageError: If something is there by now.
    """
    half = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        shutil.move(copy, half)
        if out.exists() or out.is_symlink():
            raise UsageError(f"{out} exists by now: nothing was written over it.")
        half.rename(out)
    except OSError as error:
        raise unwritable(out, error) from error
    finally:
        remove(half) if half.is_dir() else half.unlink(missing_ok=True)


class Repair:
    """
    The repair of one artifact.

    Args:
        artifact: The file or the directory.
        scratch: An empty folder for the jobs; the copy is in it.
    """

    def __init__(self, artifact: Path, matrix: Matrix, hosts: Hosts, scratch: Path, arguments: Arguments) -> None:
        self._artifact, self._matrix, self._hosts, self._scratch = artifact, matrix, hosts, scratch
        self._arguments = arguments.remedies
        self._written: Version | None = None
        form, objects = artifact_format(artifact), arguments.objects
        self._scenario = Scenario(name=artifact.name, folder=scratch, formats=(form,))
        self._blank = Job(
            id="",
            kind="load",
            folder=scratch,
            scenario=objects.absolute().parent if objects else scratch,
            script=None,
            save_script=objects.name if objects else None,
            format=form,
            path=artifact,
            artifact=artifact,
        )

    async def run(self, target: EnvironmentSpec, name: str) -> Repaired:
        """
        Make the copy that the target environment loads, and that gives what the original gives.

        Args:
            name: File name of the copy.

        Raises:
            EnvironmentFailure: If the target environment cannot be had.
        """
        self._written = await self._taken_in(target)
        reference = await self._reference(target)
        best = Repaired(reference=reference.spec.name if reference else None)
        made: dict[tuple[str, ...], Made | None] = {}
        for loading in (self._arguments, (*self._arguments, _UNCOMPILED)):
            for steps in _WAYS:
                if steps not in made:
                    made[steps] = await self._make(steps, target, name)
                found = await self._try(made[steps], loading, target, reference)
                if found.loads:
                    return found
                best = found if found.judgement and _UNCOMPILED not in loading else best
        return best

    async def _taken_in(self, target: EnvironmentSpec) -> Version | None:
        """
        Copy the artifact once, so that what is opened from now on is what was checked.

        Returns:
            The version that wrote it.

        Raises:
            UsageError: If it must not be opened, or cannot be read.
        """
        job = self._copying("asked", (), self._artifact.name)
        seen = (await self._attempt(target, job)).seen.observation
        if seen is None or seen.exception or job.target is None:
            raised = seen.exception if seen else None
            why = raised.message if raised and raised.type == _REFUSED else raised.first_line if raised else ""
            raise UsageError(f"{self._artifact} cannot be copied. {printable(why)}".rstrip())
        self._blank = replace(self._blank, path=job.target, artifact=job.target)
        return _version(seen.notes.get("written-by", ""))

    async def _reference(self, target: EnvironmentSpec) -> Reference | None:
        """
        Find an environment that loads the original, that whose Keras is the closest to the one that wrote it first.

        What the target gives, which may load it too, is no measure of that: it may give something else, in silence.
        """
        for spec in self._nearest(target):
            job = replace(self._job("reference", spec.name), kind="adopt", remedies=self._arguments)
            try:
                seen = (await self._attempt(spec, job)).seen
            except EnvironmentFailure:
                if spec is target:
                    raise
                continue
            judged = judge_save(seen, self._hosts[spec].side(), self._matrix.limits.seconds)
            if judged.status is Status.PASS and seen.observation:
                return Reference(spec=spec, folder=job.folder, observation=seen.observation)
        return None

    def _nearest(self, target: EnvironmentSpec) -> Sequence[EnvironmentSpec]:
        """Return the environments to look at, the target before those that are no closer to the one that wrote it."""
        specs = [target, *(spec for spec in self._matrix.environments if spec.name != target.name)]
        specs.sort(key=lambda spec: _distance(_version(releases.expected_keras(spec) or ""), self._written))
        return [*specs[:MOST_REFERENCES], *([target] if target not in specs[:MOST_REFERENCES] else [])]

    async def _make(self, steps: tuple[str, ...], target: EnvironmentSpec, name: str) -> Made | None:
        """Make a copy in one way; None where that has nothing to change."""
        objects = tuple(step for step in self._arguments if step == "custom-objects" and steps)
        job = self._copying("+".join(steps) or "copy", (*objects, *steps), name)
        seen = (await self._attempt(target, job)).seen.observation
        if seen is None or seen.exception or job.target is None:
            return None
        return Made(job=replace(job, path=job.target, artifact=job.target), changes=seen.changes)

    async def _try(
        self, made: Made | None, loading: tuple[str, ...], target: EnvironmentSpec, reference: Reference | None
    ) -> Repaired:
        """Load a copy."""
        named = reference.spec.name if reference else None
        if made is None:
            return Repaired(reference=named)
        return Repaired(
            copy=made.job.path,
            changes=made.changes,
            judgement=await self._proved(target, reference, made.job, loading),
            reference=named,
            compiled=_UNCOMPILED not in loading,
        )

    async def _proved(
        self, target: EnvironmentSpec, reference: Reference | None, made: Job, loading: tuple[str, ...]
    ) -> Judgement:
        """Load a copy, and compare it with the original where that is known."""
        limit, side = self._matrix.limits.seconds, self._hosts[target].side()
        name = f"{made.id}-loaded-{len(loading)}"
        job = replace(made, id=name, folder=self._scratch / name, remedies=loading)
        if reference is None:
            seen = (await self._attempt(target, replace(job, kind="adopt"))).seen
            return judge_resave(seen, (self._writer(), side), limit) or Judgement(status=Status.PASS)
        loaded = replace(job, kind="load", saved=reference.folder, seed=LOAD_SEED)
        seen = (await self._attempt(target, loaded)).seen
        sides = (self._hosts[reference.spec].side(), side)
        return judge_load(reference.observation, seen, self._scenario, sides, limit)

    def _writer(self) -> Side:
        """Return what is known of the environment that wrote the artifact."""
        package = "tensorflow" if self._blank.format == Format.SAVEDMODEL else "keras"
        return Side(name="the file", versions={package: str(self._written)} if self._written else {})

    def _copying(self, what: str, steps: tuple[str, ...], name: str) -> Job:
        copies = self._scratch / "copies" / what
        copies.mkdir(parents=True)
        return replace(self._job("make", what), kind="repair", remedies=steps, target=copies / name)

    def _job(self, what: str, name: str) -> Job:
        folder = self._scratch / f"{what}-{name}"
        return replace(self._blank, id=folder.name, folder=folder)

    async def _attempt(self, spec: EnvironmentSpec, job: Job) -> Attempted:
        return await attempt(self._hosts[spec], job)


def _version(text: str) -> Version | None:
    found = re.match(r"\d+(\.\d+)*", text)
    return Version(found[0]) if found else None


def _distance(version: Version | None, written: Version | None) -> tuple[int, int]:
    """Return how far two versions are apart, the major part first; far, where one is not known."""
    if version is None or written is None:
        return (99, 99)
    return abs(version.major - written.major), abs(version.minor - written.minor)
