"""Whatever changes between two runs: the cells that it has to do with run again, and no others."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.execution.run import execute
from runner.model import Backend, Call, Cell, EnvironmentSpec, Format, Matrix, Scenario, Tolerance
from runner.plan import Filters, Plan, SaveJob, plan
from runner.record import Record
from runner.remedies import Failure, Mode, can_be_tried
from tests.fakes import LIMITS, SAVE, Heard, Lab, environment, matrix

SCENARIOS, ENVIRONMENTS = ("good", "bad"), ("tf1", "tf2")
SAVING = """
    import os
    def told(path):
        if "saves" not in path.split(os.sep):  # a remedy builds the model again
            return
        name = os.path.basename(os.path.dirname(os.path.abspath(__file__))) + os.path.splitext(path)[1]
        with open(os.path.abspath(os.path.join(__file__, "../../../saves")), "a") as file:
            file.write(name + "@" + os.environ["FAKE_TENSORFLOW"] + "\\n")
""" + SAVE.replace("model(inputs)", "told(path); model(inputs)")
LOADS = {
    "good": "import tensorflow as tf\n\ndef load(path):\n    return tf.keras.models.load_model(path)\n",
    "bad": "import tensorflow as tf\n\ndef load(path):\n    return lambda given: tf.constant([[1.0, 2.0]] * 4)\n",
}


@dataclass(slots=True)
class World:
    """All that decides what a run finds, and what of it was changed since the last one."""

    lab: Lab
    matrix: Matrix
    remedies: Mode = Mode.NONE
    saves: list[Callable[[SaveJob], bool]] = field(default_factory=list)
    cells: list[Callable[[Record], bool]] = field(default_factory=list)

    def scenario(self, name: str) -> Scenario:
        """Return a scenario."""
        return next(scenario for scenario in self.matrix.scenarios if scenario.name == name)

    def put(self, scenario: Scenario) -> None:
        """Put a scenario in the place of the one of its name."""
        scenarios = [scenario if each.name == scenario.name else each for each in self.matrix.scenarios]
        self.matrix = replace(self.matrix, scenarios=tuple(scenarios))

    def run(self) -> tuple[Plan, dict[str, Record], set[str], set[str]]:
        """Return the plan, the records, and the saves and the cells that have run."""
        told, journal = self.lab.folder / "saves", self.lab.output / "results.jsonl"
        told.write_text("")
        before = journal.read_bytes() if journal.exists() else b""
        wanted = plan(self.matrix, Filters())
        how = replace(self.lab.options(), remedies=self.remedies)
        executed = asyncio.run(execute(wanted, {Backend.NOX: self.lab.builder()}, self.lab.journal, how, Heard()))
        new = journal.read_text(encoding="utf-8")[len(before.decode()) :].splitlines()
        made = told.read_text().splitlines()
        assert len(set(made)) == len(made), "a save was made twice"
        cells = [line.split('"', 4)[3] for line in new]
        assert len(set(cells)) == len(cells), "a cell was run twice"
        return wanted, {record.id: record for record in executed.records}, set(made), set(cells)


def _file(world: World, name: str, file: str) -> None:
    """Change a file of a scenario: all of it runs again."""
    with (world.scenario(name).folder / file).open("a") as script:
        script.write("# changed\n")
    world.saves.append(lambda save: save.scenario.name == name)
    world.cells.append(lambda cell: cell.scenario == name)


def _call(world: World, name: str) -> None:
    world.put(replace(world.scenario(name), call=Call.PREDICT))
    world.saves.append(lambda save: save.scenario.name == name)
    world.cells.append(lambda cell: cell.scenario == name)


def _judged(world: World, name: str, **fields: Any) -> None:
    """Change how cells are loaded and judged: what was saved is as good as before."""
    world.put(replace(world.scenario(name), **fields))
    world.cells.append(lambda cell: cell.scenario == name)


def _format(world: World, name: str) -> None:
    """Add a format: nothing that is there has to do with it."""
    world.put(replace(world.scenario(name), formats=(Format.H5, Format.KERAS)))


def _version(world: World, name: str) -> None:
    _environment(world, name, tensorflow=f"{name[2:]}.5")


def _environment(world: World, name: str, **fields: Any) -> None:
    """Change an environment: all that has to do with it runs again."""
    specs = tuple(replace(each, **fields) if each.name == name else each for each in world.matrix.environments)
    world.matrix = replace(world.matrix, environments=specs)
    world.saves.append(lambda save: save.environment.name == name)
    world.cells.append(lambda cell: name in (cell.save, cell.load))


def _limits(world: World, **fields: Any) -> None:
    world.matrix = replace(world.matrix, limits=replace(world.matrix.limits, **fields))
    world.saves.append(lambda _: True)
    world.cells.append(lambda _: True)


def _remedies(world: World) -> None:
    """Try more for what fails: what does not fail has nothing to do with it."""
    world.remedies = Mode.ALL
    world.cells.append(_is_failure)


def _is_failure(record: Record) -> bool:
    return can_be_tried(Failure(status=record.status, phase=record.phase, cause=record.cause))


def _more_environments(world: World) -> None:
    """Add an environment: it brings its row and its column."""
    world.matrix = replace(world.matrix, environments=(*world.matrix.environments, environment("tf3")))


def _touch(world: World) -> None:
    for path in (world.lab.folder / "scenarios").rglob("*.py"):
        os.utime(path, (1, 1))


def _reverse(world: World) -> None:
    scenarios, environments = world.matrix.scenarios[::-1], world.matrix.environments[::-1]
    world.matrix = replace(world.matrix, scenarios=scenarios, environments=environments)


def _of(name: str, do: Callable[[World, str], None]) -> Callable[[World], None]:
    return lambda world: do(world, name)


_OF_A_SCENARIO: dict[str, Callable[[World, str], None]] = {
    "save.py": partial(_file, file="save.py"),
    "load.py": partial(_file, file="load.py"),
    "data": partial(_file, file="data.txt"),
    "call": _call,
    "load script": partial(_judged, load="other.py"),
    "tolerance": partial(_judged, tolerance=Tolerance(rtol=1e-3)),
    "training": partial(_judged, training=True),
    "format": _format,
}
_OF_AN_ENVIRONMENT: dict[str, Callable[[World, str], None]] = {
    "version": _version,
    "interpreter": partial(_environment, python="3.12"),
    "variables": partial(_environment, variables=(("TF_X", "1"),)),
}
CHANGES: dict[str, Callable[[World], None]] = {
    **{f"{what} of {each}": _of(each, do) for what, do in _OF_A_SCENARIO.items() for each in SCENARIOS},
    **{f"{what} of {each}": _of(each, do) for what, do in _OF_AN_ENVIRONMENT.items() for each in ENVIRONMENTS},
    "environment": _more_environments,
    "seconds": partial(_limits, seconds=19.0),
    "memory": partial(_limits, memory_mb=600),
    "output": partial(_limits, output_kb=17),
    "remedies": _remedies,
    "times": _touch,
    "order": _reverse,
}


def _world(folder: Path) -> World:
    lab = Lab(folder)
    scenarios = [_scenario(lab, name) for name in SCENARIOS]
    specs: Iterable[EnvironmentSpec] = map(environment, ENVIRONMENTS)
    return World(lab=lab, matrix=matrix(tuple(specs), scenarios, LIMITS))


def _scenario(lab: Lab, name: str) -> Scenario:
    made = lab.scenario(name, SAVING.replace("model(inputs)", f"model(inputs)  # {name}"), LOADS[name])
    for file, text in (("data.txt", ""), ("other.py", LOADS[name] + "\n")):
        (made.folder / file).write_text(text)
    return made


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a lab after its first run."""
    folder = tmp_path_factory.mktemp("first")
    _, records, saves, cells = _world(folder).run()
    assert (len(saves), len(cells)) == (4, 8)
    assert sum(map(_is_failure, records.values())) == 4
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_only_what_changed_runs_again(first: Path, change: str) -> None:
    """After a change exactly the saves and the cells that it decides run again, and after that none."""
    _check(first, {change})


@settings(deadline=None, max_examples=15)
@given(changes=st.sets(st.sampled_from(sorted(CHANGES)), min_size=2, max_size=4))
def test_only_what_several_changes_decide_runs_again(first: Path, changes: set[str]) -> None:
    """After several changes at once it is what any of them decides."""
    _check(first, changes)


def _check(first: Path, changes: set[str]) -> None:
    with TemporaryDirectory() as folder:
        shutil.copytree(first, folder, dirs_exist_ok=True)
        world = _world(Path(folder))
        known = world.lab.journal
        for change in sorted(changes):
            CHANGES[change](world)
        wanted, records, saves, cells = world.run()
        assert cells == {cell for cell in records if _is_other(cell, known, world)}
        assert saves == {_told(save) for save, of_it in wanted.saves.items() if _is_new(save, of_it, known, world)}
        assert world.run()[2:] == (set(), set())


def _is_other(cell: str, known: dict[str, Record], world: World) -> bool:
    return cell not in known or any(decides(known[cell]) for decides in world.cells)


def _is_new(save: SaveJob, cells: tuple[Cell, ...], known: dict[str, Record], world: World) -> bool:
    return cells[0].id not in known or any(decides(save) for decides in world.saves)


def _told(save: SaveJob) -> str:
    return f"{save.scenario.name}{Path(save.format.path).suffix}@{save.environment.tensorflow}"
