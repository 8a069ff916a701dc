"""
Artifacts, kept between runs by what decides them: a save that was made before is not made again.

Each is made in a new folder, and a marker that is put in its place at once says which one is good: who has taken an
older one goes on with it.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from runner.cache.use import Use, guarded, marker, named
from runner.errors import OutputError
from runner.execution.attempts import Attempted, attempt, hidden, look
from runner.execution.content import content
from runner.execution.hosts import Host
from runner.execution.observations import ObservationError
from runner.execution.recent import Recent
from runner.execution.servers import Ended, Job
from runner.files import TooLargeError, remove
from runner.judgement import Judgement, Seen, judge_save
from runner.model import Limits
from runner.observation import Observation
from runner.plan import SaveJob
from runner.record import Status
from runner.writing import to_json, write_text

AT_ONCE = 2**20
"""Bytes that are read in less time than it takes a thread to begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """
    A save that has ended.

    Attributes:
        job: What was done; its paths say where the artifact and the observation are.
        judgement: ``pass`` if there is an artifact to load.
        recent: Where its observation is, if it was read not long ago.
    """

    key: str
    job: Job
    judgement: Judgement
    attempted: Attempted
    recent: Recent

    def observation(self) -> Observation:
        """
        Return what was seen, which is read again if it was not needed of late.

        Raises:
            OutputError: If it is gone by now.
        """
        try:
            return self.recent.read(self.job.folder)
        except ObservationError as error:
            raise OutputError(f"{self.job.folder} was changed while the run went on: {error}. Run again.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """
    Where the saves of a run are.

    Attributes:
        folder: Of all saves.
        use: Where those that the run needs are noted.
        limits: What a save may use.
        recent: Keeps what was seen of the last of them.
    """

    folder: Path
    use: Use
    limits: Limits
    recent: Recent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marker:
    """
    What is written last: without it, or with another content, a save is not whole.

    Attributes:
        key: Of the save that it is.
        folder: Name of the folder that holds it.
        content: Digest of what is in the folder.
        seal: Digest of all the rest.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    version: Literal[1] = 1
    key: str
    folder: str
    ended: Ended
    attempts: int
    content: str
    seal: str = ""

    def sealed(self) -> "_Marker":
        """Return it with its seal."""
        text = to_json(replace(self, seal=""))
        return replace(self, seal=hashlib.sha256(text.encode()).hexdigest())


_MARKERS: TypeAdapter[_Marker] = TypeAdapter(_Marker)


async def save(wanted: SaveJob, key: str, host: Host, shelf: Shelf, *, fresh: bool) -> Saved:
    """
    Return the artifact of a save, made anew or as an earlier run left it; two runs at once make it once.

    Args:
        fresh: Whether to make it anew in any case.

    Raises:
        EnvironmentFailure: If the environment cannot be had.
        OutputError: If the cache cannot be written.
    """
    environment = (await host.environment()).folder
    name = key[:32]
    async with guarded(shelf.folder / name):
        there = not fresh and marker(shelf.folder / name).exists()
        kept = await asyncio.to_thread(_kept, shelf, key) if there else None
        folder = shelf.folder / (kept.folder if kept else f"{name}-{uuid.uuid4().hex[:8]}")
        shelf.use.note(folder)
        job = _job(wanted, folder)

        def judge(seen: Seen) -> Judgement:
            return judge_save(seen, host.side(), shelf.limits.seconds)

        attempted = _seen(kept, folder, hidden(job, environment)) if kept else await attempt(host, job, judge)
        judgement = judge(attempted.seen)
        if kept is None:
            await _keep(shelf, key, folder, attempted, judgement)
        if judgement.status is Status.PASS and attempted.seen.observation:
            shelf.recent.keep(folder, attempted.seen.observation)
    seen = attempted.without_observation()
    return Saved(key=key, job=job, judgement=judgement, attempted=seen, recent=shelf.recent)


def _job(wanted: SaveJob, folder: Path) -> Job:
    artifact = folder / "artifact"
    return Job(
        id=wanted.id,
        kind="save",
        folder=folder,
        scenario=wanted.scenario.folder,
        script=wanted.scenario.save,
        format=wanted.format,
        path=artifact / wanted.format.path,
        artifact=artifact,
        call=wanted.scenario.call,
        save_script=wanted.scenario.save,
    )


def _kept(shelf: Shelf, key: str) -> _Marker | None:
    """Return the marker of a save that is as it was left."""
    try:
        found = _MARKERS.validate_json(marker(shelf.folder / key[:32]).read_bytes())
        mine = found == found.sealed() and found.key == key and Path(found.folder).name == found.folder
        whole = mine and found.content == content(shelf.folder / found.folder, _most(shelf))
    except (OSError, ValidationError, TooLargeError):
        return None
    return found if whole else None


def _seen(kept: _Marker, folder: Path, hide: Mapping[str, str]) -> Attempted:
    seen = replace(look(folder, kept.ended, hide), confirmed=kept.attempts > 1)
    return Attempted(seen=seen, ended=kept.ended, attempts=kept.attempts)


async def _keep(shelf: Shelf, key: str, folder: Path, attempted: Attempted, judgement: Judgement) -> None:
    """
    Put a save in the place of the one before; the folder of that goes, unless a run uses it.

    What says nothing about compatibility is not kept, nor what may come out otherwise the next time.
    """
    if attempted.tries:
        return  # it goes when the run has ended
    if judgement.status is Status.ERROR:
        await asyncio.to_thread(remove, folder)
        return
    try:
        digest = await _digest(folder, _most(shelf))
    except TooLargeError:
        return  # it goes when the run has ended
    before = named(marker(folder))
    made = _Marker(key=key, folder=folder.name, ended=attempted.ended, attempts=attempted.attempts, content=digest)
    write_text(marker(folder), to_json(made.sealed()))
    if before:
        await asyncio.to_thread(shelf.use.replaced, folder, before)


async def _digest(folder: Path, most: int) -> str:
    """Return the digest of what is in a folder; a thread makes it where that may take long."""
    try:
        return content(folder, min(AT_ONCE, most))
    except TooLargeError:
        return await asyncio.to_thread(content, folder, most)


def _most(shelf: Shelf) -> int:
    return shelf.limits.disk_mb * 2**20
