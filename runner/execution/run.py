"""The course of one run."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from runner.cache.use import SAVES, Use
from runner.drift import Sides, located
from runner.environments import Builder, EnvironmentFailure, Reach
from runner.errors import RunnerError
from runner.execution import hosts
from runner.execution.attempts import Attempted, Judge, attempt, forget
from runner.execution.blaming import Blaming
from runner.execution.free import free_mb
from runner.execution.hosts import Host, Hosts, Means
from runner.execution.loads import load_job
from runner.execution.recent import Recent
from runner.execution.records import Recorder
from runner.execution.resaves import Resaves
from runner.execution.rescue import Rescue, Rescued
from runner.execution.room import Free, Room
from runner.execution.saves import Saved, Shelf, save
from runner.execution.servers import AGAIN_SEED
from runner.execution.settings import Options
from runner.execution.slots import Slots
from runner.judgement import NOTHING_TO_LOAD, Judgement, Seen, judge_load
from runner.keys import Keys
from runner.model import Backend, Cell, EnvironmentSpec
from runner.observation import Observation
from runner.plan import Plan, SaveJob
from runner.record import Attempt, Blame, EnvironmentRecord, Phase, Record, Status
from runner.remedies import Failure, can_be_tried
from runner.results import Journal

CELLS_IN_FLIGHT = 16
"""Cells that are judged at a time for each job that may run: enough to have work while some wait for a server."""

SAVES_IN_FLIGHT = 4
"""Saves that are made at a time for each job that may run; each holds a file open, of which a process has few."""


class Listener(hosts.Listener, Protocol):
    """Whoever shows what is going on."""

    def record(self, record: Record) -> None:
        """Hear that a cell is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """
    What came out.

    Attributes:
        records: In the order of the plan.
        environments: As they really were, by name.
        pins: All that was installed, by name.
        inside: Seconds that all processes together spent importing TensorFlow and inside its calls.
    """

    records: tuple[Record, ...]
    environments: Mapping[str, EnvironmentRecord]
    pins: Mapping[str, tuple[str, ...]]
    inside: float


async def execute(
    plan: Plan,
    builders: Mapping[Backend, Builder],
    known: Mapping[str, Record],
    options: Options,
    listener: Listener,
    free: Free = free_mb,
) -> Executed:
    """
    Run a plan.

    Args:
        known: Records of an earlier run by the id of their cell; one that nothing has changed for is taken over.
        free: Says how much memory there is for servers.

    Raises:
        OutputError: If the journal or the cache cannot be written.
    """
    with Use(options.cache) as use, Journal(options.output / "results.jsonl") as journal:
        execution = Execution(plan, builders, {} if options.no_cache else known, options, listener, journal, use, free)
        try:
            return await execution.run()
        except BaseExceptionGroup as group:
            raise _first(group) from group
        finally:
            await execution.stop()


class Execution:
    """The state of one run: its hosts, and the records so far."""

    def __init__(
        self,
        plan: Plan,
        builders: Mapping[Backend, Builder],
        known: Mapping[str, Record],
        options: Options,
        listener: Listener,
        journal: Journal,
        use: Use,
        free: Free,
    ) -> None:
        self._plan, self._known, self._options = plan, known, options
        self._listener, self._journal = listener, journal
        self._use, self._scratch = use, use.scratch
        self._limits = plan.matrix.limits
        self._shelf = self._make_shelf()
        self._keys = Keys(self._limits, tried=(options.remedies, str(options.trust), str(options.blame)))
        self._judging = asyncio.Semaphore(CELLS_IN_FLIGHT * options.jobs)
        self._making = asyncio.Semaphore(SAVES_IN_FLIGHT * options.jobs)
        self._saving: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._made: set[str] = set()
        self._recorder = Recorder(matrix=plan.matrix.path, output=options.output)
        self._records: dict[str, Record] = {}
        self._hosts = self._make_hosts(builders, free)
        self._rescue = Rescue(
            matrix=plan.matrix,
            hosts=self._hosts,
            options=options,
            scratch=self._scratch,
            resaves=Resaves(self._scratch),
        )
        self._blaming = Blaming(hosts=self._hosts, scratch=self._scratch, seconds=self._limits.seconds)

    async def run(self) -> Executed:
        """Run everything; what one cell does leaves the others alone."""
        for cell in self._plan.cells:
            if cell.unsupported is not None:
                self._finish(cell, Judgement(status=Status.UNSUPPORTED, explanation=cell.unsupported))
        async with asyncio.TaskGroup() as group:
            for wanted, cells in self._plan.saves.items():
                group.create_task(self._save_and_load(wanted, cells))
        return Executed(
            records=tuple(self._records[cell.id] for cell in self._plan.cells),
            environments={name: host.record() for name, host in self._hosts.planned().items()},
            pins={name: host.pins() for name, host in self._hosts.planned().items()},
            inside=self._hosts.inside(),
        )

    async def stop(self) -> None:
        """End every server."""
        await self._hosts.stop()

    def _make_hosts(self, builders: Mapping[Backend, Builder], free: Free) -> Hosts:
        means = Means(
            builders=builders,
            limits=self._limits,
            slots=Slots(self._options.jobs),
            room=Room(self._options.jobs, self._limits.memory_mb, free),
            builds=asyncio.Semaphore(max(2, self._options.jobs)),
            logs=self._scratch,
            reach=self._reach(),
            use=self._use,
            listener=self._listener,
        )
        return Hosts(means, {spec: _uses(self._plan, spec) for spec in self._plan.environments})

    def _make_shelf(self) -> Shelf:
        """Return where saves are: in the cache, or where nothing is left of them."""
        folder = (self._scratch if self._options.no_cache else self._options.cache) / SAVES
        folder.mkdir(parents=True, exist_ok=True)
        return Shelf(folder=folder, use=self._use, limits=self._limits, recent=Recent())

    def _reach(self) -> Reach:
        """Return what all jobs together need: the scenarios, and where their folders are."""
        folders = dict.fromkeys(save.scenario.folder for save in self._plan.saves)
        return Reach(readable=tuple(folders), writable=(self._shelf.folder, self._scratch))

    async def _save_and_load(self, wanted: SaveJob, cells: tuple[Cell, ...]) -> None:
        """Save once, unless no cell needs it, then load in every environment at the same time."""
        host = self._hosts[wanted.environment]
        key, saved = "", None
        try:
            key = self._keys.save(wanted, (await host.environment()).digest)
            saved = await self._save(wanted, key, cells, host)
        except EnvironmentFailure as failure:
            for cell in cells:
                if not (key and await self._take_over(cell, key)):
                    self._fail(cell, failure)
        finally:
            await host.done()
        async with asyncio.TaskGroup() as group:
            for cell in cells:
                group.create_task(self._cell(cell, saved, root=cells[0]))

    async def _save(self, wanted: SaveJob, key: str, cells: tuple[Cell, ...], host: Host) -> Saved | None:
        """
        Return the save that the cells need; None if all are taken over from an earlier run.

        Where some must run anyway it waits for no environment but its own: the other cells see for themselves then.
        """
        may_be_all = all(self._may_be_known(cell) for cell in cells)
        taken = [await self._take_over(cell, key) for cell in cells if may_be_all or cell.load == cell.save]
        if may_be_all and all(taken):
            return None
        async with self._saving[key], self._making:  # two scenarios with the same files share it
            fresh = self._options.fresh and key not in self._made
            self._made.add(key)
            return await save(wanted, key, host, self._shelf, fresh=fresh)

    def _may_be_known(self, cell: Cell) -> bool:
        known = self._known.get(cell.id)
        return known is not None and known.status is not Status.ERROR

    async def _take_over(self, cell: Cell, saved: str) -> bool:
        """Take over the record of an earlier run if nothing has changed; tell whether the cell has one."""
        if cell.id in self._records:
            return True
        if not self._may_be_known(cell) or not await self._unchanged(cell, saved, self._known[cell.id]):
            return False
        self._keep(self._known[cell.id])
        return True

    async def _unchanged(self, cell: Cell, saved: str, known: Record) -> bool:
        if known.key == self._keys.cell(cell, saved, ""):
            return True
        try:
            environment = await self._hosts[cell.load].environment()
        except EnvironmentFailure:
            return False
        return known.key == self._keys.outcome(self._keys.cell(cell, saved, environment.digest), known)

    async def _cell(self, cell: Cell, saved: Saved | None, root: Cell) -> None:
        """Bring one cell to its record, if it has none yet."""
        host = self._hosts[cell.load]
        try:
            if saved and not await self._take_over(cell, saved.key):
                await self._judge(cell, saved, root, host)
        except EnvironmentFailure as failure:
            passes = saved is not None and saved.judgement.status is Status.PASS
            rescued = await self._rescue.search_environment(cell, saved, failure) if saved and passes else Rescued()
            self._fail(cell, failure, rescued)
        finally:
            await host.done()

    async def _judge(self, cell: Cell, saved: Saved, root: Cell, host: Host) -> None:
        if saved.judgement.status is not Status.PASS:
            self._finish_without_artifact(cell, saved, root)
            return
        await host.ready()  # which may take minutes: cells that have theirs do not stand behind it
        key = self._keys.cell(cell, saved.key, (await host.environment()).digest)
        async with self._judging:
            async with host.in_use():
                attempted, judgement = await self._load(cell, saved, host)
            rescued = await self._rescue.search(cell, saved, judgement)
            blamed = await self._blame(cell, saved, judgement)
        key = self._keys.outcome(key, judgement)
        tries = (*saved.attempted.tries, *attempted.tries)
        self._finish(cell, judgement, key=key, attempted=attempted, tries=tries, rescued=rescued, blamed=blamed)

    async def _load(self, cell: Cell, saved: Saved, host: Host) -> tuple[Attempted, Judgement]:
        """Load, and once more if that drifts, to say where."""
        job, judge = load_job(cell, saved, self._scratch / uuid.uuid4().hex), self._judge_of(cell, saved, host)
        attempted = await attempt(host, job, judge)
        judgement = judge(attempted.seen)
        await forget(job)
        if judgement.status is Status.DRIFT and attempted.seen.observation:
            judgement = await self._locate(cell, saved, judgement, host, attempted.seen.observation)
        return attempted.without_observation(), judgement

    async def _blame(self, cell: Cell, saved: Saved, judgement: Judgement) -> Blame | None:
        failed = can_be_tried(Failure(status=judgement.status, phase=judgement.phase, cause=judgement.cause))
        if not failed or not self._options.blame or cell.save.name == cell.load.name:
            return None
        return await self._blaming.search(cell, saved, judgement)

    def _judge_of(self, cell: Cell, saved: Saved, host: Host) -> Judge:
        """Return what judges the loads of a cell."""

        def judge(seen: Seen) -> Judgement:
            sides = (self._hosts[cell.save].side(), host.side())
            return judge_load(saved.observation(), seen, cell.scenario, sides, self._limits.seconds)

        return judge

    async def _locate(
        self, cell: Cell, saved: Saved, judgement: Judgement, host: Host, loaded: Observation
    ) -> Judgement:
        """Load once more, with the activations, to name the first layer that differs and the kind of drift."""
        job = load_job(cell, saved, self._scratch / uuid.uuid4().hex)
        again = await attempt(host, replace(job, activations=True, seed=AGAIN_SEED), self._judge_of(cell, saved, host))
        await forget(job)
        sides = Sides(
            saved=saved.observation(),
            loaded=loaded,
            again=again.seen.observation,
            tolerance=cell.scenario.tolerance,
        )
        return await asyncio.to_thread(located, judgement, sides)

    def _finish_without_artifact(self, cell: Cell, saved: Saved, root: Cell) -> None:
        """
        Record a save that gave nothing to load: at its root as what it was, elsewhere as its consequence.

        The load environment has no part in it: the outcome is the same whether or not that one can be made.
        """
        judgement, key, tries = saved.judgement, self._keys.cell(cell, saved.key, ""), saved.attempted.tries
        if cell is root or judgement.status in (Status.UNSUPPORTED, Status.ERROR):
            self._finish(cell, judgement, key=key, attempted=saved.attempted, tries=tries)
            return
        blocked = Judgement(
            status=Status.BLOCKED,
            phase=Phase.SAVE,
            cause=judgement.cause,
            explanation=f"{NOTHING_TO_LOAD}{judgement.explanation}",
            sources=judgement.sources,
        )
        self._finish(cell, blocked, key=key, root=root.id, tries=tries)

    def _fail(self, cell: Cell, failure: EnvironmentFailure, rescued: Rescued | None = None) -> None:
        judgement = Judgement(status=Status.ERROR, cause=failure.cause, explanation=failure.explanation)
        self._finish(cell, judgement, rescued=rescued)

    def _finish(
        self,
        cell: Cell,
        judgement: Judgement,
        *,
        key: str = "",
        root: str | None = None,
        attempted: Attempted | None = None,
        tries: tuple[Attempt, ...] = (),
        rescued: Rescued | None = None,
        blamed: Blame | None = None,
    ) -> None:
        record = self._recorder.record(
            cell,
            judgement,
            key="" if self._options.no_cache else key,
            root=root,
            attempted=attempted,
            tries=tries,
            rescued=rescued,
            blamed=blamed,
        )
        if record != self._known.get(record.id):
            self._journal.append(record)
        self._keep(record)

    def _keep(self, record: Record) -> None:
        self._records[record.id] = record
        self._listener.record(record)


def _uses(plan: Plan, spec: EnvironmentSpec) -> int:
    """Count the saves and the loads that an environment is asked for."""
    saves = sum(save.environment.name == spec.name for save in plan.saves)
    loads = sum(cell.load.name == spec.name for cells in plan.saves.values() for cell in cells)
    return saves + loads


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error to show of several that came together: one of ours if there is one."""
    found: BaseException = group.subgroup(RunnerError) or group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
