"""
One job until its outcome can be believed.

What died or hung in a fork is tried once more in a fresh process, and a third time if that comes out otherwise. What
was lost with its server, which another job may have ended, is tried again on a server of its own; and so is all that
died where jobs share a container, and with it memory and processes.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner import flaky
from runner.execution import observations
from runner.execution.hosts import Host
from runner.execution.observations import ObservationError
from runner.execution.servers import Ended, Job
from runner.files import emptied, open_left, remove, remove_few
from runner.judgement import Judgement, Seen
from runner.observation import Observation
from runner.record import Attempt

LOG_BYTES = 2**20
_DOUBTED = ("signal", "timeout")
_DOUBTED_WHERE_SHARED = (*_DOUBTED, "memory")
_ENOUGH = 2
"""Tries of what comes out alike; there is a third if it does not."""

Judge = Callable[[Seen], Judgement]
Run = Callable[[Job], Awaitable[Ended]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """
    A job that has ended.

    Attributes:
        ended: How the process ended that counts.
        attempts: How many processes it took.
        tries: What came of each try, if they did not come out alike.
    """

    seen: Seen
    ended: Ended
    attempts: int
    tries: tuple[Attempt, ...] = ()

    def without_observation(self) -> "Attempted":
        """Return what a record needs of it, which is small."""
        return replace(self, seen=replace(self.seen, observation=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """A try that has ended, with the number of processes that it took."""

    seen: Seen
    ended: Ended
    processes: int
    fresh: bool


async def attempt(host: Host, job: Job, judge: Judge | None = None) -> Attempted:
    """
    Have a job done in its folder, which is emptied for every try.

    What is in the folder in the end is that of the last try, which a pass that counts always is.

    Args:
        judge: Says what a try means: a crash or a hang is then tried again before it is believed. Without, it is not.

    Raises:
        EnvironmentFailure: If the environment cannot be had.
    """
    tries, judged = [await _try(host, job, host.run)], list[Judgement]()
    if judge and tries[0].ended.ended in (_DOUBTED_WHERE_SHARED if host.shares else _DOUBTED):
        afresh = replace(job, fresh=True)
        tries.append(await _try(host, afresh, host.run_again))
        judged = [judge(each.seen) for each in tries]
        if not flaky.agree(*judged):
            tries.append(await _try(host, afresh, host.run_again))
            judged.append(judge(tries[-1].seen))
    return _attempted(job, tries, judged)


def _attempted(job: Job, tries: Sequence[_Try], judged: Sequence[Judgement]) -> Attempted:
    """Return the try that counts, with all of them if they did not come out alike."""
    place = flaky.counts(judged) if judged else 0
    found = tries[place]
    return Attempted(
        seen=replace(found.seen, confirmed=flaky.came_twice(judged, place) if judged else False),
        ended=found.ended,
        attempts=sum(each.processes for each in tries),
        tries=tuple(map(_told, [job] * len(tries), tries, judged)) if len(tries) > _ENOUGH else (),
    )


def _told(job: Job, made: _Try, judgement: Judgement) -> Attempt:
    return Attempt(
        job="save" if job.kind == "save" else "load",
        status=judgement.status,
        phase=judgement.phase,
        cause=judgement.cause,
        explanation=judgement.explanation,
        how=made.seen.how,
        fresh=made.fresh,
        seconds=made.ended.seconds,
    )


async def _try(host: Host, job: Job, run: Run) -> _Try:
    """Have a job done; if it is lost with its server, once more on one of its own."""
    ended, processes = await _in_empty_folder(run, job), 1
    if ended.ended == "lost":
        job = replace(job, fresh=True)
        ended, processes = await _in_empty_folder(host.run_alone, job), 2
    seen = look(job.folder, ended, await _hidden(host, job))
    host.inside += sum(seen.observation.seconds.values()) if seen.observation else ended.seconds
    return _Try(seen=seen, ended=ended, processes=processes, fresh=job.fresh)


async def forget(job: Job) -> None:
    """Remove the folder of a job that was looked at; a thread does it where that may take long."""
    if not remove_few(job.folder):
        await asyncio.to_thread(remove, job.folder)


async def _in_empty_folder(run: Run, job: Job) -> Ended:
    emptied(job.folder)
    return await run(job)


async def _hidden(host: Host, job: Job) -> Mapping[str, str]:
    return hidden(job, (await host.environment()).folder)


def hidden(job: Job, environment: Path) -> Mapping[str, str]:
    """
    Return what stands for the paths of this machine in what a job says.

    Two machines, and two backends, then say the same of the same failure.
    """
    return {
        str(job.artifact): "<artifact>",
        str(job.folder): "<job>",
        **({str(job.saved): "<save>"} if job.saved else {}),
        str(environment): "<environment>",
        str(job.scenario): "<scenario>",
    }


def look(folder: Path, ended: Ended, hide: Mapping[str, str]) -> Seen:
    """
    Gather what a job left in its folder.

    Args:
        hide: What to say instead of which path.
    """
    observation, damage = None, ""
    try:
        observation = _without_paths(observations.read(folder), hide)
    except ObservationError as error:
        damage = str(error)
    return Seen(
        ended=ended.ended,
        status=ended.status,
        phase=observation.phase if observation else observations.phase(folder),
        observation=observation,
        damage=damage,
        log=_replaced(_tail(folder / "log"), hide),
    )


def _tail(path: Path) -> str:
    try:
        with open_left(path) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(size - LOG_BYTES, 0))
            return file.read(min(size, LOG_BYTES)).decode("utf-8", "replace")
    except OSError:
        return ""


def _without_paths(observation: Observation, hide: Mapping[str, str]) -> Observation:
    said, raised = observation.unsupported, observation.exception
    if said is None and raised is None and not observation.notes:
        return observation
    observation = replace(
        observation,
        unsupported=None if said is None else _replaced(said, hide),
        notes={name: _replaced(note, hide) for name, note in observation.notes.items()},
    )
    if raised is None:
        return observation
    message, traceback = _replaced(raised.message, hide), _replaced(raised.traceback, hide)
    return replace(observation, exception=replace(raised, message=message, traceback=traceback))


def _replaced(text: str, hide: Mapping[str, str]) -> str:
    for path, name in hide.items():
        text = text.replace(path, name)
    return text
