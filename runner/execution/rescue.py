"""
Ways out of a failure, tried: each is a job of the same kind, judged as the cell itself is.

Failures come in rows: where an attempt brings another failure to light, the search goes on from there, and what takes
away the first is combined with what takes away the second.
"""

import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from runner import instructions, remedies
from runner.diagnosis import Side
from runner.environments import EnvironmentFailure
from runner.execution.attempts import Attempted, attempt, forget
from runner.execution.hosts import Host, Hosts
from runner.execution.loads import load_resaved_job, remedy_job
from runner.execution.resaves import Resaved, Resaves
from runner.execution.saves import Saved
from runner.execution.servers import Job
from runner.execution.settings import Options
from runner.judgement import Judgement, judge_load, judge_resave
from runner.model import Backend, Cell, EnvironmentSpec, Format, Matrix
from runner.record import Cause, Phase, Status, Tried, Warned
from runner.releases import CompletionError
from runner.remedies import Case, Failure, Mode

_NOT_APPLICABLE = "NotApplicableError"
_REPAIR = "repair-config"
_UNPROVED = "It loads, but nothing that could be compared shows that it is the saved model."
_TRUST = "`safe-mode-off` was not tried: it runs code from the file on this machine, which --trust allows."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescued:
    """
    What came of the search for a way out.

    Attributes:
        causes: Those that came to light on the way.
    """

    tried: tuple[Tried, ...] = ()
    causes: tuple[Cause, ...] = ()
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """
    An attempt with some remedies, judged.

    Attributes:
        changes: What the remedies changed, in words.
    """

    judgement: Judgement
    changes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """
    What the searches of one run share.

    Attributes:
        scratch: Where the jobs have their folders.
    """

    matrix: Matrix
    hosts: Hosts
    options: Options
    scratch: Path
    resaves: Resaves

    async def search(self, cell: Cell, saved: Saved, judgement: Judgement) -> Rescued:
        """Search for a way to load what a cell failed to load."""
        if self.options.remedies is Mode.NONE or not remedies.can_be_tried(_failure(judgement)):
            return Rescued()
        return await _Search(self, cell, saved).run(judgement)

    async def search_environment(self, cell: Cell, saved: Saved, failure: EnvironmentFailure) -> Rescued:
        """Search for a requirement that makes an environment work which cannot be imported."""
        return await self.search(cell, saved, Judgement(status=Status.ERROR, cause=failure.reason))


class _Search:
    """The search for one cell."""

    def __init__(self, rescue: Rescue, cell: Cell, saved: Saved) -> None:
        self._rescue, self._cell, self._saved = rescue, cell, saved
        self._observed = saved.observation()
        self._case = Case(
            format=cell.format,
            save=cell.save,
            load=cell.load,
            own=_classes_first(self._observed.own),
            script=cell.scenario.load is not None,
            compiled=self._observed.optimizer is not None or "optimizer" in self._observed.notes,
            trusted=rescue.options.trust or cell.load.backend is Backend.DOCKER,
            environments=rescue.matrix.environments,
        )
        self._tried: dict[tuple[str, ...], Tried] = {}
        self._causes: list[Cause] = []
        self._impassable: set[str] = set()
        self._faced: set[tuple[str, str]] = set()

    async def run(self, judgement: Judgement) -> Rescued:
        """Try until one way passes, or all of them."""
        await self._go_on((), judgement)
        untrusted = remedies.needs_trust(self._case, _failure(judgement))
        return Rescued(
            tried=tuple(self._tried.values()),
            causes=tuple(dict.fromkeys(self._causes)),
            warnings=(Warned(kind="remedy-needs-trust", text=_TRUST),) if untrusted else (),
        )

    async def _go_on(self, taken: tuple[str, ...], failed: Judgement) -> bool:
        """Try what can be added to the steps that led to this failure; return whether the search is over."""
        for step in remedies.candidates(self._case, _failure(failed), taken):
            steps = remedies.combined(taken, step)
            if steps in self._tried or self._is_impassable(step):
                continue
            outcome = await self._try(steps)
            if outcome is None:
                continue
            self._keep(steps, outcome)
            if self._is_over(outcome):
                return True
            if self._leads_on(step, failed, outcome.judgement) and await self._go_on(steps, outcome.judgement):
                return True
        return False

    def _leads_on(self, step: str, before: Judgement, after: Judgement) -> bool:
        """Tell whether a step took a failure away and brought one to light from which the search did not go on yet."""
        if self._is_impassable(step) or not remedies.joins(step) or not _came_further(before, after):
            return False
        face = _face(after)
        new = face not in self._faced
        self._faced.add(face)
        self._causes += [after.cause] if after.cause else []
        return new

    def _is_over(self, outcome: _Outcome) -> bool:
        found = outcome.judgement.status is Status.PASS and self._rescue.options.remedies is Mode.FIRST
        return found or len(self._tried) >= remedies.MOST

    def _is_impassable(self, step: str) -> bool:
        led = remedies.through((step,))
        return led is not None and led[0] in self._impassable

    def _keep(self, steps: tuple[str, ...], outcome: _Outcome) -> None:
        judgement = outcome.judgement
        self._tried[steps] = Tried(
            id="+".join(steps),
            status=judgement.status,
            loses=remedies.loses(steps),
            how=instructions.how(self._case, steps, outcome.changes),
            comparison=judgement.comparison,
            cause=judgement.cause,
            explanation=judgement.explanation,
            error=judgement.exception.first_line if judgement.exception else "",
            changes=outcome.changes,
            seconds=outcome.seconds,
        )

    async def _try(self, steps: tuple[str, ...]) -> _Outcome | None:
        """Load with some remedies; return None where one of them has nothing to change."""
        try:
            spec = remedies.environment(self._cell.load, steps)
            return await self._load(steps, self._rescue.hosts[spec])
        except CompletionError as error:
            return _impossible(Cause.ENVIRONMENT_UNRESOLVABLE, str(error))
        except EnvironmentFailure as failure:
            return _impossible(failure.cause, failure.explanation)

    async def _load(self, steps: tuple[str, ...], host: Host) -> _Outcome | None:
        led, folder, inside = remedies.through(steps), self._folder(), remedies.in_child(steps)
        if led is None:
            return await self._judged(remedy_job(self._cell, self._saved, folder, inside), host)
        through = self._rescue.hosts[self._spec(led[0])]
        resaved, failed = await self._resave(through, led[1])
        if failed:
            return _Outcome(judgement=failed, seconds=resaved.attempted.ended.seconds)
        job = load_resaved_job(self._cell, self._saved, folder, resaved.folder, led[1], inside)
        outcome = await self._judged(job, host)
        before = resaved.attempted.seen.observation
        return outcome and replace(
            outcome, changes=((*before.changes, *outcome.changes) if before else outcome.changes)
        )

    async def _resave(self, through: Host, written: Format) -> tuple[Resaved, Judgement | None]:
        """Lead the artifact through another environment, which may need a repaired copy to load it itself."""
        own = ("custom-objects",) if self._case.own else ()
        resaved = await self._rescue.resaves.resave(self._cell, self._saved, through, written, own)
        failed = self._judge_resave(resaved, through)
        if failed and through.spec.name in self._impassable:
            again = await self._rescue.resaves.resave(self._cell, self._saved, through, written, (*own, _REPAIR))
            if self._judge_resave(again, through) is None:
                self._impassable.discard(through.spec.name)
                return again, None
        return resaved, failed

    def _judge_resave(self, resaved: Resaved, through: Host) -> Judgement | None:
        """Judge the step in the other environment; None if it wrote the file."""
        limit = self._rescue.matrix.limits.seconds
        failed = judge_resave(resaved.attempted.seen, (self._saved_side(), through.side()), limit)
        if failed and failed.phase is Phase.LOAD:
            self._impassable.add(through.spec.name)
        return failed

    async def _judged(self, job: Job, host: Host) -> _Outcome | None:
        attempted = await attempt(host, job)
        await forget(job)
        seen = attempted.seen.observation
        if seen and seen.exception and seen.exception.type == _NOT_APPLICABLE:
            return None
        return _Outcome(
            judgement=self._judge(attempted, host),
            changes=seen.changes if seen else (),
            seconds=attempted.ended.seconds,
        )

    def _judge(self, attempted: Attempted, host: Host) -> Judgement:
        """Judge as the cell is judged, but for training, which may be what is given up."""
        scenario = replace(self._cell.scenario, training=False)
        sides = (self._saved_side(), host.side())
        limit = self._rescue.matrix.limits.seconds
        judgement = judge_load(self._observed, attempted.seen, scenario, sides, limit)
        compared = judgement.comparison
        if judgement.status is Status.PASS and (compared is None or compared.shows_nothing):
            return Judgement(
                status=Status.FAIL, phase=Phase.PREDICT, cause=Cause.NOT_DETERMINISTIC, explanation=_UNPROVED
            )
        return judgement

    def _saved_side(self) -> Side:
        return self._rescue.hosts[self._cell.save].side()

    def _spec(self, name: str) -> EnvironmentSpec:
        return next(spec for spec in self._rescue.matrix.environments if spec.name == name)

    def _folder(self) -> Path:
        return self._rescue.scratch / uuid.uuid4().hex


def _classes_first(names: frozenset[str] | None) -> tuple[str, ...] | None:
    """Return names in the order in which they are likely to be custom objects."""
    if names is None:
        return None
    return tuple(sorted(names - {"save"}, key=lambda name: (not name[:1].isupper(), name)))


def _failure(judgement: Judgement) -> Failure:
    return Failure(status=judgement.status, phase=judgement.phase, cause=judgement.cause)


def _impossible(cause: Cause, explanation: str) -> _Outcome:
    return _Outcome(judgement=Judgement(status=Status.ERROR, cause=cause, explanation=explanation))


def _came_further(before: Judgement, after: Judgement) -> bool:
    """Tell whether an attempt failed otherwise than what it started from: something was taken away."""
    if after.status is not Status.FAIL or after.phase is Phase.SAVE:
        return False
    if before.cause is after.cause and before.explanation and before.explanation == after.explanation:
        return False
    return _face(before) != _face(after)


def _face(judgement: Judgement) -> tuple[str, str]:
    """Return what tells one failure from another."""
    return str(judgement.cause), judgement.exception.first_line if judgement.exception else ""
