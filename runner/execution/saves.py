"""Artifacts, kept between runs by what decides them: a save that was made before is not made again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runner.execution.attempts import Attempted, attempt, hidden, look
from runner.execution.hosts import Host
from runner.execution.servers import Ended, Job
from runner.files import remove
from runner.judgement import Judgement, judge_save
from runner.model import Observation, Status
from runner.plan import SaveJob

_MARKER = "saved.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """
    A save that has ended.

    Attributes:
        job: What was done; its paths say where the artifact and the observation are.
        observation: What was seen; None if it left nothing to believe.
        judgement: ``pass`` if there is an artifact to load.
    """

    key: str
    job: Job
    observation: Observation | None
    judgement: Judgement
    attempted: Attempted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marker:
    """What is put beside an artifact last, so that one without it is not whole."""

    ended: Ended
    attempts: int


_MARKERS: TypeAdapter[_Marker] = TypeAdapter(_Marker)


async def save(wanted: SaveJob, key: str, host: Host, cache: Path, *, fresh: bool, seconds: float) -> Saved:
    """
    Return the artifact of a save, made anew or as an earlier run left it.

    Args:
        cache: Folder of all artifacts.
        fresh: Whether to make it anew in any case.
        seconds: The limit that it runs under.

    Raises:
        EnvironmentFailure: If the environment cannot be had.
    """
    folder = cache / key[:32]
    job = _job(wanted, folder)
    hide = hidden(job, (await host.environment()).folder)
    attempted = None if fresh else _kept(folder, hide)
    if attempted is None:
        remove(folder)
        attempted = await attempt(host, job)
    judgement = judge_save(attempted.seen, host.side(), seconds)
    _keep(folder, attempted, judgement)
    return Saved(key=key, job=job, observation=attempted.seen.observation, judgement=judgement, attempted=attempted)


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
    )


def _kept(folder: Path, hide: Mapping[str, str]) -> Attempted | None:
    try:
        marker = _MARKERS.validate_json((folder / _MARKER).read_bytes())
    except (OSError, ValidationError):
        return None
    seen = look(folder, marker.ended, hide)
    if seen.observation is None and marker.ended.ended == "exit":
        return None
    return Attempted(seen=seen, ended=marker.ended, attempts=marker.attempts)


def _keep(folder: Path, attempted: Attempted, judgement: Judgement) -> None:
    """Mark an artifact as whole; an outcome that says nothing about compatibility is not kept."""
    if judgement.status is not Status.ERROR:
        marker = _Marker(ended=attempted.ended, attempts=attempted.attempts)
        (folder / _MARKER).write_text(json.dumps(asdict(marker)), encoding="utf-8")
