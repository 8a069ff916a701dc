"""
One job until its outcome can be believed.

What died or hung in a fork is tried once more in a fresh process. What was lost with its server, which another job may
have ended, is tried once more on a server of its own; and so is all that died where jobs share a container, and with it
memory and processes.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from runner.execution import observations
from runner.execution.hosts import Host
from runner.execution.observations import ObservationError
from runner.execution.servers import Ended, Job
from runner.files import emptied, open_left
from runner.judgement import Seen
from runner.observation import Observation

LOG_BYTES = 2**20
_DOUBTED = ("signal", "timeout")
_DOUBTED_WHERE_SHARED = (*_DOUBTED, "memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """
    A job that has ended.

    Attributes:
        ended: How its last process ended.
        attempts: How many processes it took.
    """

    seen: Seen
    ended: Ended
    attempts: int

    def without_observation(self) -> "Attempted":
        """Return what a record needs of it, which is small."""
        return replace(self, seen=replace(self.seen, observation=None))


async def attempt(host: Host, job: Job, *, confirm: bool = True) -> Attempted:
    """
    Have a job done in its folder, which is emptied for every try.

    Args:
        confirm: Whether a crash or a hang is tried again in a fresh process before it is believed.

    Raises:
        EnvironmentFailure: If the environment cannot be had.
    """
    afresh = replace(job, fresh=True)
    ended, attempts = await _try(host.run, job), 1
    if confirm and ended.ended in (_DOUBTED_WHERE_SHARED if host.shares else _DOUBTED):
        ended, attempts = await _try(host.run_again, afresh), 2
    if ended.ended == "lost":
        ended, attempts = await _try(host.run_alone, afresh), attempts + 1
    seen = look(Path(job.folder), ended, await _hidden(host, job))
    host.inside += sum(seen.observation.seconds.values()) if seen.observation else ended.seconds * attempts
    return Attempted(seen=seen, ended=ended, attempts=attempts)


async def _try(run: Callable[[Job], Awaitable[Ended]], job: Job) -> Ended:
    emptied(Path(job.folder))
    return await run(job)


async def _hidden(host: Host, job: Job) -> Mapping[str, str]:
    return hidden(job, (await host.environment()).folder)


def hidden(job: Job, environment: Path) -> Mapping[str, str]:
    """
    Return what stands for the paths of this machine in what a job says.

    Two machines, and two backends, then say the same of the same failure.
    """
    return {
        job.artifact: "<artifact>",
        job.folder: "<job>",
        **({job.saved: "<save>"} if job.saved else {}),
        str(environment): "<environment>",
        job.scenario: "<scenario>",
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
            file.seek(max(os.fstat(file.fileno()).st_size - LOG_BYTES, 0))
            return file.read(LOG_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _without_paths(observation: Observation, hide: Mapping[str, str]) -> Observation:
    said = observation.unsupported
    observation = replace(
        observation,
        unsupported=None if said is None else _replaced(said, hide),
        notes={name: _replaced(note, hide) for name, note in observation.notes.items()},
    )
    raised = observation.exception
    if raised is None:
        return observation
    message, traceback = _replaced(raised.message, hide), _replaced(raised.traceback, hide)
    return replace(observation, exception=replace(raised, message=message, traceback=traceback))


def _replaced(text: str, hide: Mapping[str, str]) -> str:
    for path, name in hide.items():
        text = text.replace(path, name)
    return text
