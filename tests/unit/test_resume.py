"""What an earlier run found is taken over where nothing that decides it has changed."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from runner.environments import EnvironmentFailure
from runner.execution.content import content
from runner.execution.run import Executed, execute
from runner.model import Backend, Matrix, Scenario, Tolerance
from runner.plan import Filters, plan
from runner.record import Cause, Status
from tests.fakes import LIMITS, SAVE, Heard, Lab, environment, matrix

LOAD = """
    import tensorflow as tf

    def load(path):
        return tf.keras.models.load_model(path)
"""


COUNT = """
    from pathlib import Path
    with (Path(__file__).parents[2] / "processes").open("a") as file:
        file.write(__name__ + " ")
"""


class Counted:
    """A matrix of one scenario and two environments, and how many processes its runs took."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.matrix: Matrix = matrix([environment("tf1"), environment("tf2")], [self.scenario()])
        self._processes = lab.folder / "processes"

    def scenario(self, *, save: str = SAVE, load: str = LOAD) -> Scenario:
        """Write the scenario; each of its processes leaves a line."""
        return self.lab.scenario("one", COUNT + save, COUNT + load)

    def run(self, *, fresh: bool = False, no_cache: bool = False) -> dict[str, int]:
        """Run it; return the number of saves and of loads that this took."""
        self._processes.write_text("")
        wanted = plan(self.matrix, Filters())
        executed = self.lab.execute(wanted, fresh=fresh, no_cache=no_cache)
        assert [record.id for record in executed.records] == [cell.id for cell in wanted.cells]
        assert {record.status for record in executed.records} == {Status.PASS}
        words = self._processes.read_text().split()
        return {name: sum(word.endswith(f"_{name}") for word in words) for name in ("save", "load")}


ALL = {"save": 2, "load": 4}
NONE = {"save": 0, "load": 0}


@pytest.fixture(scope="module")
def after_first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a lab after its first run."""
    folder = tmp_path_factory.mktemp("first")
    assert Counted(Lab(folder)).run() == ALL
    return folder


@pytest.fixture
def counted(after_first_run: Path, tmp_path: Path) -> Counted:
    """Return the matrix after its first run, in a copy of the lab."""
    shutil.copytree(after_first_run, tmp_path, dirs_exist_ok=True)
    return Counted(Lab(tmp_path))


def test_nothing_changed(counted: Counted) -> None:
    """What did not change is not run again, and its records are the same."""
    before = counted.lab.journal
    assert counted.run() == NONE
    assert {record.id: record for record in counted.lab.heard.records} == before == counted.lab.journal


def test_fresh(counted: Counted) -> None:
    """A fresh run saves and loads everything again."""
    assert counted.run(fresh=True) == ALL


@pytest.mark.parametrize("script", ["save", "load"])
def test_scenario_file_changed(counted: Counted, script: str) -> None:
    """A scenario whose files changed runs again."""
    counted.scenario(**{script: {"save": SAVE, "load": LOAD}[script] + "\n    CHANGED = True\n"})
    assert counted.run()["load"] == ALL["load"]
    assert counted.run() == NONE


def test_tolerance_changed(counted: Counted) -> None:
    """A scenario whose tolerance changed is loaded again; its artifacts are as good as before."""
    (scenario,) = counted.matrix.scenarios
    counted.matrix = replace(counted.matrix, scenarios=(replace(scenario, tolerance=Tolerance(rtol=1e-3)),))
    assert counted.run() == {"save": 0, "load": 4}
    assert counted.run() == NONE


def test_limits_changed(counted: Counted) -> None:
    """Under other limits everything runs again."""
    counted.matrix = replace(counted.matrix, limits=replace(LIMITS, seconds=19.0))
    assert counted.run() == ALL


def test_environment_changed(counted: Counted) -> None:
    """What has to do with an environment that changed runs again, and nothing else."""
    changed = (environment("tf1"), environment("tf2", "2.1"))
    counted.matrix = replace(counted.matrix, environments=changed)
    assert counted.run() == {"save": 1, "load": 3}
    assert counted.run() == NONE


def test_environment_added(counted: Counted) -> None:
    """A further environment brings its own cells, and takes the artifacts that are there."""
    more = (*counted.matrix.environments, environment("tf3"))
    counted.matrix = replace(counted.matrix, environments=more)
    assert counted.run() == {"save": 1, "load": 5}


def test_half_a_line_in_the_journal(counted: Counted) -> None:
    """A cell whose line the last run left half-written runs again, from the artifact that is there."""
    journal = counted.lab.output / "results.jsonl"
    journal.write_bytes(journal.read_bytes()[:-30])
    assert counted.run() == {"save": 0, "load": 1}
    assert len(counted.lab.journal) == ALL["load"]


def test_journal_is_gone(counted: Counted) -> None:
    """Without a journal the cells run again, from the artifacts that are there."""
    (counted.lab.output / "results.jsonl").unlink()
    assert counted.run() == {"save": 0, "load": 4}


def test_no_cache(counted: Counted) -> None:
    """A run without the cache does everything anew, and leaves everything as it found it to the runs after it."""
    saves = content(counted.lab.saves, 2**30)
    known = counted.lab.journal
    assert counted.run(no_cache=True) == ALL
    assert content(counted.lab.saves, 2**30) == saves
    assert counted.lab.journal == known
    assert counted.run() == NONE


def test_nothing_is_left_without_a_cache(tmp_path: Path) -> None:
    """What a run without the cache found is in its journal, and no later run takes it over."""
    counted = Counted(Lab(tmp_path))
    assert counted.run(no_cache=True) == ALL
    assert len(counted.lab.journal) == ALL["load"]
    assert not counted.lab.saves.exists()
    assert counted.run() == ALL


def test_failures_are_taken_over(tmp_path: Path) -> None:
    """A save that failed, and what it blocked, is not run again either."""
    lab = Lab(tmp_path)
    scenario = lab.scenario("one", f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\nraise OSError")
    before = lab.run(scenario, ["tf1", "tf2"])
    assert lab.run(scenario, ["tf1", "tf2"]) == before
    assert {record.status for record in before.values()} == {Status.FAIL, Status.BLOCKED}
    assert (tmp_path / "runs").read_text() == "xx"


def test_errors_are_not_taken_over(tmp_path: Path) -> None:
    """What could not be judged is tried again, and what could be stays as it is."""
    lab = Lab(tmp_path)
    wanted = plan(matrix([environment("tf1"), environment("tf2")], [lab.scenario("one")]), Filters())
    failure = EnvironmentFailure(Cause.ENVIRONMENT_INSTALL, "The network is down.")
    first = lab.execute(wanted, lab.builder({"tf2": failure})).records
    assert [record.status for record in first] == [Status.PASS, Status.ERROR, Status.ERROR, Status.ERROR]
    second = lab.execute(wanted).records
    assert {record.status for record in second} == {Status.PASS}
    assert second[0] == first[0]


def test_environment_that_breaks_later(tmp_path: Path) -> None:
    """What was found before an environment broke is kept where it need not run again."""
    lab = Lab(tmp_path)
    breaking = environment("tf1", FAKE_IMPORT=f"assert not os.path.exists({str(tmp_path / 'broken')!r})")
    environments = [breaking, environment("tf2")]
    scenario = lab.scenario("one")
    (known,) = lab.execute(plan(matrix(environments, [scenario]), Filters(environments=("tf1",)))).records
    (tmp_path / "broken").touch()
    for artifact in lab.saves.glob("*/artifact/*"):
        artifact.unlink()
    kept, new = lab.execute(plan(matrix(environments, [scenario]), Filters(save=("tf1",)))).records
    assert kept == known
    assert (new.status, new.cause) == (Status.ERROR, Cause.ENVIRONMENT_IMPORT)
    assert len(lab.heard.records) == 2


def test_unsupported_stays_one_line(tmp_path: Path) -> None:
    """A cell that is declared unsupported is in the journal once, however often the matrix runs."""
    lab = Lab(tmp_path)
    scenario = replace(lab.scenario("one"), requires_save=("tensorflow>=2",))
    for _ in range(3):
        lab.run(scenario)
    assert len((lab.output / "results.jsonl").read_text().splitlines()) == 1


def test_two_runs_at_once(tmp_path: Path) -> None:
    """Two runs that share a cache make an artifact once."""
    count = f"\n    import time; open({str(tmp_path / 'saves')!r}, 'a').write('x'); time.sleep(0.3)"
    lab = Lab(tmp_path)
    wanted = plan(matrix([environment("tf1")], [lab.scenario("one", count + SAVE)]), Filters())

    async def both() -> list[Executed]:
        options = [replace(lab.options(), output=tmp_path / name) for name in ("first", "second")]
        builders = {Backend.NOX: lab.builder()}
        return await asyncio.gather(*(execute(wanted, builders, {}, each, Heard()) for each in options))

    assert [each.records[0].status for each in asyncio.run(both())] == [Status.PASS, Status.PASS]
    assert (tmp_path / "saves").read_text() == "x"


def test_what_is_heard_of_an_environment(tmp_path: Path) -> None:
    """An environment is installed, imported and ready; where nothing is left to do, it stays installed."""
    lab = Lab(tmp_path)
    lab.run(lab.scenario("one"))
    assert lab.heard.states == [("tf1", state) for state in ("installing", "installed", "importing", "ready")]
    lab.run(lab.scenario("one"))
    assert lab.heard.states == [("tf1", state) for state in ("installing", "installed")]
