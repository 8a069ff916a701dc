"""A whole run: what each cell of a plan comes to, and what it takes to get there."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from runner.environments import Environment, EnvironmentFailure, PassingFailure
from runner.errors import OutputError, UsageError
from runner.execution import hosts
from runner.model import EnvironmentSpec, Format
from runner.plan import Filters, plan
from runner.record import Cause, Phase, Status
from tests.fakes import FAKE, SAVE, FakeBuilder, Lab, environment, matrix

FAILING = """
    def save(path):
        raise ValueError("this version cannot")
"""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab of its own for each test."""
    return Lab(tmp_path)


def test_every_cell_has_one_record(lab: Lab) -> None:
    """Every cell of the plan is there exactly once: in the records, in the journal, for the listener."""
    scenarios = [lab.scenario(name, SAVE, None, Format.H5, Format.SAVEDMODEL) for name in ("one", "two")]
    wanted = plan(matrix([environment(name) for name in ("tf1", "tf2", "tf3")], scenarios), Filters())
    records = lab.execute(wanted).records
    ids = [cell.id for cell in wanted.cells]
    assert [record.id for record in records] == ids
    assert {record.status for record in records} == {Status.PASS}
    assert sorted(lab.journal) == sorted(ids)
    assert len((lab.output / "results.jsonl").read_text().splitlines()) == len(ids)
    assert sorted(record.id for record in lab.heard.records) == sorted(ids)


def test_save_that_fails_blocks_its_loads(lab: Lab) -> None:
    """A save that fails is a failure where it would have been loaded again, and blocks the other loads."""
    records = lab.run(lab.scenario("one", FAILING), ["tf1", "tf2"])
    root, other = records["one.h5@tf1->tf1"], records["one.h5@tf1->tf2"]
    assert (root.status, root.phase, root.cause, root.root) == (
        Status.FAIL,
        Phase.SAVE,
        Cause.SCENARIO_ERROR,
        None,
    )
    assert (other.status, other.phase, other.cause, other.root) == (
        Status.BLOCKED,
        Phase.SAVE,
        Cause.SCENARIO_ERROR,
        root.id,
    )
    assert "could not be saved" in other.explanation


def test_root_of_blocked_cells_is_in_the_plan(lab: Lab) -> None:
    """Where the diagonal is filtered out, another cell of the save stands for it."""
    environments = [environment(name) for name in ("tf1", "tf2", "tf3")]
    wanted = plan(matrix(environments, [lab.scenario("one", FAILING)]), Filters(save=("tf1",), load=("tf2", "tf3")))
    root, other = lab.execute(wanted).records
    assert (root.status, other.status, other.root) == (Status.FAIL, Status.BLOCKED, root.id)


def test_load_environment_has_no_part_in_a_failed_save(lab: Lab) -> None:
    """A save that fails has the same outcome whether or not the load environment can be made."""
    environments = [environment("tf1"), environment("tf2", FAKE_IMPORT="raise ImportError"), environment("tf3")]
    scenarios = [lab.scenario("good"), lab.scenario("one", FAILING)]
    wanted = plan(matrix(environments, scenarios), Filters(save=("tf1",), load=("tf2", "tf3")))
    found = {record.id: record.status for record in lab.execute(wanted).records}
    assert found["good.h5@tf1->tf2"] is Status.ERROR
    assert found["one.h5@tf1->tf2"] is Status.FAIL
    assert found["one.h5@tf1->tf3"] is Status.BLOCKED


def test_environment_that_cannot_be_made(lab: Lab) -> None:
    """Cells of an environment that cannot be made are errors with its cause and reason; all others run."""
    failure = EnvironmentFailure(Cause.ENVIRONMENT_UNRESOLVABLE, "There is no such version.")
    wanted = plan(matrix([environment("tf1"), environment("tf2")], [lab.scenario("one")]), Filters())
    executed = lab.execute(wanted, lab.builder({"tf2": failure}))
    for record in executed.records:
        touched = "tf2" in (record.save, record.load)
        assert record.status is (Status.ERROR if touched else Status.PASS)
        assert record.cause is (Cause.ENVIRONMENT_UNRESOLVABLE if touched else None)
        assert record.explanation == ("There is no such version." if touched else "")
    assert executed.environments["tf1"].status == "ready"
    assert executed.environments["tf2"].status == "error"
    assert executed.environments["tf2"].explanation == "There is no such version."


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ImportError('libcudart.so.11 is missing')", "ImportError: libcudart.so.11 is missing"),
        (r"raise ImportError('\udc80\x00')", "ImportError: ?\x00"),
        ("import ctypes; print('last words', flush=True); ctypes.string_at(0)", "last words"),
        ("import sys; sys.exit('no licence')", "no licence"),
        ("import os; os._exit(0)", "the process ended"),
        ("Tensor = None; import types; np.asarray = None", "TypeError"),
    ],
    ids=["raises", "raises-nonsense", "segfaults", "exits", "leaves", "does-not-work"],
)
def test_import_that_fails(lab: Lab, code: str, reason: str) -> None:
    """An environment whose import fails, or that cannot call a layer, is an error with the real reason."""
    environments = [environment("tf1"), environment("tf2", FAKE_IMPORT=code)]
    executed = lab.execute(plan(matrix(environments, [lab.scenario("one")]), Filters()))
    statuses = {record.id: record.status for record in executed.records}
    assert statuses["one.h5@tf1->tf1"] is Status.PASS
    assert set(statuses.values()) == {Status.PASS, Status.ERROR}
    broken = executed.environments["tf2"]
    assert (broken.status, broken.cause) == ("error", Cause.ENVIRONMENT_IMPORT)
    assert reason in broken.explanation


def test_import_that_dies_once(lab: Lab, tmp_path: Path) -> None:
    """A server that dies without a word while it imports is started once more."""
    died = str(tmp_path / "died")
    code = f"if not os.path.exists({died!r}): open({died!r}, 'w'); os.kill(os.getpid(), 9)"
    wanted = plan(matrix([environment("tf1", FAKE_IMPORT=code)], [lab.scenario("one")]), Filters())
    assert [record.status for record in lab.execute(wanted).records] == [Status.PASS]


def test_network_that_fails_for_a_while(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the network kept from being made is tried again after a while; what else went wrong is not."""
    monkeypatch.setattr(hosts, "PATIENCE", (0.0, 0.0))
    tried: list[str] = []

    class Unreliable(FakeBuilder):
        async def prepare(self, spec: EnvironmentSpec) -> Environment:
            tried.append(spec.name)
            if spec.name == "tf2":
                raise EnvironmentFailure(Cause.ENVIRONMENT_UNRESOLVABLE, "There is no such version.")
            if spec.name == "tf3" or tried.count(spec.name) < 3:
                raise PassingFailure(Cause.ENVIRONMENT_INSTALL, "The index did not answer.")
            return await super().prepare(spec)

    wanted = plan(matrix([environment(f"tf{number}") for number in (1, 2, 3)], [lab.scenario("one")]), Filters())
    executed = lab.execute(wanted, Unreliable(lab.folder))
    assert {name: tried.count(name) for name in ("tf1", "tf2", "tf3")} == {"tf1": 3, "tf2": 1, "tf3": 3}
    assert executed.records[0].status is Status.PASS
    assert executed.environments["tf3"].explanation == "The index did not answer."


def test_something_else_speaks_before_the_harness(lab: Lab, tmp_path: Path) -> None:
    """An interpreter whose start-up files print to its output is an error that shows what they printed."""
    (tmp_path / "sitecustomize.py").write_text("print('Welcome to this machine!', flush=True)")
    chatty = environment("tf2", PYTHONPATH=f"{tmp_path}:{FAKE}")
    executed = lab.execute(plan(matrix([chatty], [lab.scenario("one")]), Filters()))
    assert "Welcome to this machine!" in executed.environments["tf2"].explanation


def test_interpreter_that_is_gone(lab: Lab) -> None:
    """An environment whose interpreter was removed since it was built is an error that says what to do."""

    class Gone(FakeBuilder):
        async def prepare(self, spec: EnvironmentSpec) -> Environment:
            made = await super().prepare(spec)
            return replace(made, command=("/nowhere/python", *made.command[1:]))

    wanted = plan(matrix([environment("tf1")], [lab.scenario("one")]), Filters())
    (record,) = lab.execute(wanted, Gone(lab.folder)).records
    assert (record.status, record.cause) == (Status.ERROR, Cause.ENVIRONMENT_IMPORT)
    assert "cannot be started" in record.explanation
    assert "Delete" in record.explanation


def test_disk_that_is_full_while_building(lab: Lab) -> None:
    """An environment for which there is no room on the disk is an error that says so."""

    class Full(FakeBuilder):
        async def prepare(self, spec: EnvironmentSpec) -> Environment:
            raise OSError(errno.ENOSPC, "No space left on device")

    wanted = plan(matrix([environment("tf1")], [lab.scenario("one")]), Filters())
    (record,) = lab.execute(wanted, Full(lab.folder)).records
    assert (record.status, record.cause) == (Status.ERROR, Cause.DISK_FULL)
    assert "The disk is full" in record.explanation


@pytest.mark.parametrize(
    "damaged", ['{"versions"', "{}", "[]", "[" * 100_000, '{"versions": {}, "modules": []}', "null"]
)
def test_damaged_record_of_an_environment_is_made_again(lab: Lab, damaged: str) -> None:
    """What the first server found out about an environment is found out again if its file is damaged."""
    lab.one()
    (record,) = (lab.folder / "environments").glob("*/record.json")
    record.write_text(damaged)
    assert lab.run(lab.scenario("two"))["two.h5@tf1->tf1"].status is Status.PASS


def test_environments_are_those_imported(lab: Lab) -> None:
    """The versions of an environment are those that were imported in it."""
    specs = [environment("tf1", "1.2.3"), environment("tf2", "2.0.0", FAKE_TENSORFLOW="2.0.1")]
    found = lab.execute(plan(matrix(specs, [lab.scenario("one")]), Filters())).environments
    assert [found[name].tensorflow for name in ("tf1", "tf2")] == ["1.2.3", "2.0.1"]
    assert found["tf1"].keras == "1.2.3"


def test_declared_unsupported(lab: Lab) -> None:
    """A cell that the matrix declares unsupported has its reason, and needs no environment."""
    scenario = replace(lab.scenario("one"), requires_load=("tensorflow>=2",))
    builder = lab.builder()
    wanted = plan(matrix([environment("tf1"), environment("tf2")], [scenario]), Filters(load=("tf1",)))
    records = lab.execute(wanted, builder).records
    assert {record.status for record in records} == {Status.UNSUPPORTED}
    assert all("tensorflow>=2" in record.explanation for record in records)
    assert builder.prepared == []


def test_scenarios_with_the_same_files_share_a_save(lab: Lab) -> None:
    """Two scenarios whose save is the same one save once, and each loads it in its own way."""
    counting = SAVE.replace("model(inputs)", f"open({str(lab.folder / 'saves')!r}, 'a').write('x'); model(inputs)")
    both = [lab.scenario(name, counting) for name in ("one", "two")]
    for fresh in (False, True):
        records = lab.run(both, fresh=fresh, jobs=4)
        assert {record.status for record in records.values()} == {Status.PASS}
    assert (lab.folder / "saves").read_text() == "xx"


def test_drift_names_the_first_layer(lab: Lab) -> None:
    """Where the outputs differ and the model shows its layers, the first one that differs is named."""
    load = """
        import tensorflow as tf

        def load(path):
            model = tf.keras.models.load_model(path)
            model.layers[1].weights[0] += 1
            return model
    """
    record = lab.one(SAVE, load)
    assert record.status is Status.DRIFT
    assert record.comparison is not None
    assert record.comparison.first_layer == "out"
    assert record.comparison.first_layer_max_abs is not None


def test_command_that_runs_a_cell_again(lab: Lab) -> None:
    """A record says how to run its cell alone."""
    assert lab.one().reproduce == (
        "python -m runner run --matrix matrix.yaml --scenario one --format h5 --save tf1 --load tf1"
    )


def test_paths_of_this_machine_are_hidden(lab: Lab) -> None:
    """What a failure says does not name the folders that the run made up."""
    record = lab.one(
        """
        def save(path):
            raise ValueError("cannot write " + path)
        """
    )
    assert record.exception is not None
    assert record.exception.message == "cannot write <artifact>/model.h5"
    assert str(lab.folder) not in record.exception.traceback


def test_output_that_cannot_be_written(lab: Lab) -> None:
    """A journal that cannot be written ends the run with an error that says so, and leaves no process."""
    lab.output.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        lab.execute(plan(matrix([environment("tf1")], [lab.scenario("one")]), Filters()), fresh=True)


def test_cache_that_cannot_be_written(lab: Lab) -> None:
    """A cache that cannot be written ends the run with an error that says so."""
    (lab.folder / "cache").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        lab.execute(plan(matrix([environment("tf1")], [lab.scenario("one")]), Filters()))


def test_scenario_that_cannot_be_read(lab: Lab) -> None:
    """A scenario whose files cannot be read ends the run with an error that names the file."""
    scenario = lab.scenario("one")
    (scenario.folder / "memory").symlink_to("/proc/self/mem")
    with pytest.raises(UsageError, match="memory cannot be read"):
        lab.run(scenario)


def test_scratch_is_cleared(lab: Lab) -> None:
    """Nothing but the artifacts stays in the cache."""
    lab.one()
    assert list((lab.folder / "cache" / "scratch").iterdir()) == []
