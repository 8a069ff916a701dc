"""An environment while a run uses it: its server lives as long as there is work, and leaves nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from runner.cache.use import Use
from runner.environments import Reach
from runner.execution.hosts import Host, Hosts, Means
from runner.execution.room import Room
from runner.execution.slots import Slots
from runner.model import Backend
from tests.fakes import LIMITS, SAVE, Heard, Lab, environment, processes_with

SLOW = "\n    import time; time.sleep(1)\n" + SAVE
ENDS_ITS_SERVER = (
    """
    import os, time

    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    os.kill(os.getppid(), 9)
    time.sleep(600)
"""
    + SAVE
)
"""A save script that kills its server, and has started something that stays."""


@asynccontextmanager
async def hosting(lab: Lab, *, uses: int) -> AsyncIterator[Host]:
    """Give the one environment of a run, which is asked for so many jobs."""
    spec = environment("tf1", MARK=str(lab.folder))
    with Use(lab.folder / "cache") as use:
        means = Means(
            builders={Backend.NOX: lab.builder()},
            limits=LIMITS,
            slots=Slots(2),
            room=Room(2, LIMITS.memory_mb, lambda: None),
            builds=asyncio.Semaphore(2),
            logs=use.scratch,
            reach=Reach(),
            use=use,
            listener=Heard(),
        )
        hosts = Hosts(means, {spec: uses})
        try:
            yield hosts[spec]
        finally:
            await hosts.stop()


def test_the_last_use_ends_while_a_remedy_is_at_work(tmp_path: Path) -> None:
    """When all that the plan asks of an environment is done, a job for another cell still comes to its end in it."""

    async def ended() -> str:
        async with hosting(Lab(tmp_path), uses=1) as host:
            await host.run(Lab(tmp_path).job("first", SAVE))
            helping = asyncio.create_task(host.run(Lab(tmp_path).job("second", SLOW)))
            await asyncio.sleep(0.2)
            await host.done()
            return (await helping).ended

    assert asyncio.run(ended()) == "exit"


def test_nothing_is_left_of_what_is_lost(tmp_path: Path) -> None:
    """Once a job is lost with its server nothing of it can write into its folder, where it is tried again."""

    async def left() -> tuple[str, list[str]]:
        async with hosting(Lab(tmp_path), uses=1) as host:
            ended = await host.run(Lab(tmp_path).job("first", ENDS_ITS_SERVER))
            return ended.ended, processes_with(f"MARK={tmp_path}")

    assert asyncio.run(left()) == ("lost", [])
