"""The search for the one difference between two environments that breaks a cell, in environments made for it."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from runner import blame
from runner.blame import Seen, Variant
from runner.environments import EnvironmentFailure
from runner.execution.attempts import attempt, forget
from runner.execution.hosts import Hosts
from runner.execution.loads import load_job
from runner.execution.saves import Saved
from runner.judgement import Judgement, judge_load
from runner.model import Cell
from runner.record import Blame, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Blaming:
    """
    What the searches of one run share.

    Attributes:
        seconds: The limit of a job.
    """

    hosts: Hosts
    scratch: Path
    seconds: float

    async def search(self, cell: Cell, saved: Saved, judgement: Judgement) -> Blame:
        """Run a cell that fails in environments that differ in one thing."""
        sides = (self.hosts[cell.save].side(), self.hosts[cell.load].side())
        found = blame.differences(*sides)
        alone = blame.only(found)
        if alone:
            return alone
        seen = []
        for component in found:
            for variant in blame.variants(component, (cell.save, cell.load), sides):
                seen.append(await self._see(cell, saved, judgement, variant))
                if seen[-1].fails is not None:
                    break
        return blame.blame(found, seen)

    async def _see(self, cell: Cell, saved: Saved, judgement: Judgement, variant: Variant) -> Seen:
        """Load the artifact in a variant; a failure of another kind tells nothing."""
        try:
            found = await self._judged(cell, saved, variant)
        except EnvironmentFailure:
            return Seen(component=variant.component, base=variant.base, fails=None)
        alike = found.status is judgement.status and found.cause is judgement.cause
        fails = False if found.status is Status.PASS else True if alike else None
        return Seen(component=variant.component, base=variant.base, fails=fails)

    async def _judged(self, cell: Cell, saved: Saved, variant: Variant) -> Judgement:
        host, job = self.hosts[variant.spec], load_job(cell, saved, self.scratch / uuid.uuid4().hex)
        attempted = await attempt(host, job)
        await forget(job)
        sides = (self.hosts[cell.save].side(), host.side())
        return judge_load(saved.observation(), attempted.seen, cell.scenario, sides, self.seconds)
