"""Artifacts led through another environment, which loads them and writes another format: each made once in a run."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.execution.attempts import Attempted, attempt
from runner.execution.hosts import Host
from runner.execution.loads import resave_job
from runner.execution.saves import Saved
from runner.model import Cell, Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Resaved:
    """
    What became of an artifact in another environment.

    Attributes:
        folder: The job's folder, with what was written.
    """

    folder: Path
    attempted: Attempted


class Resaves:
    """
    What was re-saved so far.

    Args:
        scratch: Where the folders of the jobs are made; they stay until the run ends.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._locks: defaultdict[tuple[str, ...], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._made: dict[tuple[str, ...], Resaved] = {}

    async def resave(self, cell: Cell, saved: Saved, host: Host, written: Format, steps: Sequence[str]) -> Resaved:
        """
        Load an artifact in an environment and write it in another format there.

        Args:
            steps: Remedies for the loading there.

        Raises:
            EnvironmentFailure: If the environment cannot be had.
        """
        key = (saved.key, str(cell.scenario.load), host.spec.name, written, *steps)
        async with self._locks[key]:
            if key not in self._made:
                folder = self._scratch / uuid.uuid4().hex
                job = resave_job(cell, saved, folder, written, steps)
                attempted = await attempt(host, job)
                self._made[key] = Resaved(folder=folder, attempted=attempted)
        return self._made[key]
