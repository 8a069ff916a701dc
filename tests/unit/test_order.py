"""What waits for what: a cell for its own two environments, and for nothing else."""

import asyncio
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.environments import Environment
from runner.execution.run import Executed, execute
from runner.model import Backend, EnvironmentSpec, Matrix
from runner.plan import Filters, plan
from runner.record import Record, Status
from tests.fakes import SAVE, FakeBuilder, Heard, Lab, environment, matrix

PATIENCE = 120.0
"""Seconds until something waits for ever."""


class LateBuilder(FakeBuilder):
    """Makes one environment only when it is told to."""

    def __init__(self, folder: Path, late: str, now: asyncio.Event) -> None:
        super().__init__(folder)
        self._late, self._now = late, now

    async def prepare(self, spec: EnvironmentSpec) -> Environment:
        """Return the environment; see `Builder`."""
        if spec.name == self._late:
            await self._now.wait()
        return await super().prepare(spec)


@dataclass(slots=True)
class Waiting(Heard):
    """
    A listener that waits for cells.

    Attributes:
        cells: Those that it waits for, by their id.
        all_there: Set once they are all judged.
    """

    cells: set[str] = field(default_factory=set)
    all_there: asyncio.Event = field(default_factory=asyncio.Event)

    def record(self, record: Record) -> None:
        """Hear of a cell."""
        self.cells.discard(record.id)
        if not self.cells:
            self.all_there.set()


def run_with_late(lab: Lab, asked: Matrix, late: str, first: Sequence[str], known: Mapping[str, Record]) -> Executed:
    """Run a matrix in which one environment is not made before the first cells are judged."""

    async def run() -> Executed:
        heard = Waiting(cells=set(first))
        builder = LateBuilder(lab.folder / "environments", late, heard.all_there)
        async with asyncio.timeout(PATIENCE):
            how = lab.options(jobs=1)
            return await execute(plan(asked, Filters()), {Backend.NOX: builder}, known, how, heard)

    return asyncio.run(run())


def test_cells_wait_for_their_own_environments(tmp_path: Path) -> None:
    """All cells of two environments are judged while a third is still made, however many wait for that one."""
    lab = Lab(tmp_path)
    names = [f"s{number}" for number in range(10)]
    asked = matrix([environment(name) for name in ("tf1", "tf2", "tf3")], [lab.scenario(name) for name in names])
    sides = ("tf1", "tf2")
    first = [f"{name}.h5@{save}->{load}" for name in names for save in sides for load in sides]
    executed = run_with_late(lab, asked, "tf3", first, {})
    assert {record.status for record in executed.records} == {Status.PASS}


def test_the_first_cell_does_not_wait_for_all_imports(tmp_path: Path) -> None:
    """Where all environments are installed, a cell is judged before TensorFlow is imported in the last of them."""
    lab = Lab(tmp_path)
    names = [f"tf{number}" for number in range(1, 7)]
    heard: list[str] = []

    class Noting(Heard):
        def environment(self, name: str, state: str) -> None:
            heard.append(state)

        def record(self, record: Record) -> None:
            heard.append("judged")

    asked = plan(matrix([environment(name) for name in names], [lab.scenario("one")]), Filters())
    builders = {Backend.NOX: lab.builder()}
    asyncio.run(execute(asked, builders, {}, lab.options(jobs=1), Noting()))
    assert heard.index("judged") < [place for place, state in enumerate(heard) if state == "ready"][-1]


def test_new_cells_do_not_wait_for_old_ones(tmp_path: Path) -> None:
    """A save that a new cell needs is made while the environment of a cell that is known is still looked for."""
    lab = Lab(tmp_path)
    scenario = lab.scenario("one")
    before = lab.run(scenario, ["tf1", "tf2"])
    asked = matrix([environment(name) for name in ("tf1", "tf2", "tf3")], [scenario])
    executed = run_with_late(lab, asked, "tf2", ["one.h5@tf1->tf3", "one.h5@tf3->tf1"], before)
    found = {record.id: record for record in executed.records}
    assert {name: found[name] for name in before} == before
    assert {record.status for record in executed.records} == {Status.PASS}


def test_few_files_are_open(tmp_path: Path) -> None:
    """However many saves there are, only those that are being made hold a file open: a process may open few."""
    lab = Lab(tmp_path)
    scenarios = [lab.scenario(f"s{number}", f"{SAVE}\n    number = {number}") for number in range(100)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/dev/fd").iterdir())) + 60, hard))
    try:
        records = lab.run(scenarios)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert {record.status for record in records.values()} == {Status.PASS}
