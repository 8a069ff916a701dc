"""Artifacts, kept between runs by what decides them: a save that was made before is not made again."""

import asyncio
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import AsyncFileLock
from pydantic import TypeAdapter, ValidationError

from runner.errors import OutputError
from runner.execution import observations
from runner.execution.attempts import Attempted, attempt, hidden, look
from runner.execution.hosts import Host
from runner.execution.observations import ObservationError
from runner.execution.servers import Ended, Job
from runner.files import remove
from runner.judgement import Judgement, judge_save
from runner.model import Limits, Status
from runner.observation import Observation
from runner.plan import SaveJob
from runner.writing import to_json, write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """
    A save that has ended.

    Attributes:
        job: What was done; its paths say where the artifact and the observation are.
        judgement: ``pass`` if there is an artifact to load.
    """

    key: str
    job: Job
    judgement: Judgement
    attempted: Attempted

    def observation(self) -> Observation:
        """
        Read again what was seen: that of all saves may not fit into memory.

        Raises:
            OutputError: If it is gone by now.
        """
        try:
            return observations.read(Path(self.job.folder))
        except ObservationError as error:
            raise OutputError(f"{self.job.folder} was changed while the run went on: {error}. Run again.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marker:
    """What is put beside the folder of a save last: without it, or with another content, the folder is not whole."""

    ended: Ended
    attempts: int
    content: str


_MARKERS: TypeAdapter[_Marker] = TypeAdapter(_Marker)


async def save(wanted: SaveJob, key: str, host: Host, cache: Path, *, fresh: bool, limits: Limits) -> Saved:
    """
    Return the artifact of a save, made anew or as an earlier run left it; two runs at once make it once.

    Args:
        cache: Folder of all artifacts.
        fresh: Whether to make it anew in any case.
        limits: What it may use.

    Raises:
        EnvironmentFailure: If the environment cannot be had.
    """
    folder = cache / key[:32]
    job = _job(wanted, folder)
    hide = hidden(job, (await host.environment()).folder)
    async with AsyncFileLock(folder.with_suffix(".guard")):
        attempted = None if fresh else _kept(folder, hide)
        if attempted is None:
            _marker(folder).unlink(missing_ok=True)
            attempted = await attempt(host, job)
        judgement = judge_save(attempted.seen, host.side(), limits.seconds)
        _keep(folder, attempted, judgement)
        if judgement.status is Status.ERROR:
            await asyncio.to_thread(remove, folder)
    return Saved(key=key, job=job, judgement=judgement, attempted=attempted.without_observation())


def _job(wanted: SaveJob, folder: Path) -> Job:
    artifact = folder / "artifact"
    return Job(
        id=wanted.id,
        kind="save",
        folder=str(folder),
        scenario=str(wanted.scenario.folder),
        script=wanted.scenario.save,
        format=wanted.format,
        path=str(artifact / wanted.format.path),
        artifact=str(artifact),
        call=wanted.scenario.call,
        save_script=wanted.scenario.save,
    )


def _marker(folder: Path) -> Path:
    """Return where the marker is: outside of the folder, which the job can write to."""
    return folder.with_suffix(".json")


def _kept(folder: Path, hide: Mapping[str, str]) -> Attempted | None:
    try:
        marker = _MARKERS.validate_json(_marker(folder).read_bytes())
    except (OSError, ValidationError):
        return None
    if marker.content != _content(folder):
        return None
    return Attempted(seen=look(folder, marker.ended, hide), ended=marker.ended, attempts=marker.attempts)


def _keep(folder: Path, attempted: Attempted, judgement: Judgement) -> None:
    """Mark a save as whole; an outcome that says nothing about compatibility is not kept."""
    if judgement.status is not Status.ERROR and not _marker(folder).exists():
        marker = _Marker(ended=attempted.ended, attempts=attempted.attempts, content=_content(folder))
        write_text(_marker(folder), to_json(marker))


def _content(folder: Path) -> str:
    """Return a digest of what a save left: of the names, sizes and times of all files, which may be large."""
    if folder.is_symlink():
        return "a link"
    files = [Path(root, name) for root, _, names in os.walk(folder) for name in names]
    described = sorted(f"{path.relative_to(folder)} {_state(path)}" for path in files)
    return hashlib.sha256("\n".join(described).encode(errors="replace")).hexdigest()


def _state(path: Path) -> str:
    try:
        status = path.lstat()
    except OSError as error:
        return str(error.strerror)
    return f"{status.st_mode} {status.st_size} {status.st_mtime_ns}"
