"""Every remedy mends a cell of real releases, and does so no more once what it does is taken out of the code."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runner import remedies
from runner.cache import cache_folder
from runner.environments import HARNESS, Connection, Environment, Reach
from runner.environments.nox import NoxBuilder
from runner.execution import rescue
from runner.execution.loads import remedy_job
from runner.execution.run import execute
from runner.execution.settings import Options
from runner.matrix import read_matrix
from runner.model import Backend, Cell, EnvironmentSpec
from runner.plan import Filters, Plan, SaveJob, plan
from runner.record import Record, Status
from runner.remedies import Case, Failure, Mode
from tests.fakes import Heard

Run = Callable[..., Record]
MATRIX = Path(__file__).with_name("remedies.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """
    A remedy at work.

    Attributes:
        cell: What it mends.
        file: Module of the harness in which it does so.
        taken_out: Pieces of code there, and what stands in their place when the effect is deleted.
    """

    cell: str
    file: str = "remedies.py"
    taken_out: Mapping[str, str] = field(default_factory=dict)


EFFECTS = {
    "custom-objects": Effect(
        cell="custom_layer_missing.h5@tf2.15->tf2.15",
        taken_out={'self._own_objects() if "custom-objects" in names else {}': "{}"},
    ),
    "legacy-keras": Effect(cell="lstm.h5@tf2.15->tf2.18"),
    "rename-suffix": Effect(
        cell="dense.keras@tf2.8->tf2.18",
        taken_out={"        self.format = kind\n        return target\n": "        return self.path\n"},
    ),
    "safe-mode-off": Effect(
        cell="lambda_layer.keras@tf2.15->tf2.15",
        taken_out={'given["safe_mode"] = False\n            _enable_unsafe(self._job.tf)': "pass"},
    ),
    "compile-false": Effect(
        cell="custom_loss_and_metric.h5@tf2.15->tf2.15",
        taken_out={'{"compile": False} if "compile-false" in self._names else {}': "{}"},
    ),
    "repair-config": Effect(
        cell="dense.h5@tf2.18->tf2.15",
        taken_out={"self._repaired(config.repair, target)": "self.copy_to(target)"},
    ),
    "repair-weights": Effect(
        cell="conv_batchnorm.keras@tf2.14->tf2.15",
        taken_out={"self._repaired(weights.repair, target)": "self.copy_to(target)"},
    ),
    "weights-into-rebuilt-model": Effect(
        cell="dense.h5@tf2.18->tf2.15",
        file="rebuild.py",
        taken_out={"weights.into(tf, built, file_format, path)": '""'},
    ),
    "call-as-traced": Effect(
        cell="double_inputs.export@tf2.15->tf2.18",
        taken_out={
            'return traced.Callable(self._job.tf, loaded, self.changes) if "call-as-traced"': 'return loaded if "no"',
        },
    ),
    "tfsm-layer": Effect(
        cell="dense.savedmodel@tf2.15->tf2.18",
        taken_out={"return functools.partial(loaders.TFSMLayer, tf)": "pass"},
    ),
    "saved-model-load": Effect(
        cell="dense.savedmodel@tf2.15->tf2.18",
        taken_out={"return functools.partial(loaders.saved_model, tf)": "pass"},
    ),
    "re-save-through:tf2.15/h5": Effect(cell="dense.keras@tf2.15->tf2.8"),
    "pin:numpy<2": Effect(cell="dense.h5@tf2.8->tf2.10-numpy2"),
}


class OtherHarness:
    """Makes real environments whose harness is another copy."""

    def __init__(self, harness: Path) -> None:
        self._builder, self._harness = NoxBuilder(cache_folder()), harness

    async def prepare(self, spec: EnvironmentSpec) -> Environment:
        """Return the environment; see `Builder`."""
        made = await self._builder.prepare(spec)
        command = tuple(str(self._harness) if part == str(HARNESS) else part for part in made.command)
        return replace(made, command=command)

    async def start(self, environment: Environment, log: Path, reach: Reach, *, shared: bool) -> Connection:
        """Start a server; see `Builder`."""
        return await self._builder.start(environment, log, reach, shared=shared)


def chosen(cell: str) -> Plan:
    """Return a plan of one cell."""
    everything = plan(read_matrix(MATRIX), Filters())
    (wanted,) = (each for each in everything.cells if each.id == cell)
    saves: dict[SaveJob, tuple[Cell, ...]] = {
        save: (wanted,) for save, cells in everything.saves.items() if wanted in cells
    }
    return replace(everything, cells=(wanted,), saves=saves)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs the cell of a remedy and tries that remedy alone, in the place that it has among all."""
    every = remedies.candidates

    def only(remedy: str, harness: Path = HARNESS) -> Record:
        def candidates(case: Case, failure: Failure, taken: Sequence[str] = ()) -> Iterator[str]:
            yield from (step for step in every(case, failure, taken) if step == remedy)

        monkeypatch.setattr(remedies, "candidates", candidates)
        how = Options(cache=cache_folder(), output=tmp_path / "output", jobs=2, remedies=Mode.ALL, trust=True)
        wanted, builders = chosen(EFFECTS[remedy].cell), {Backend.NOX: OtherHarness(harness)}
        return asyncio.run(execute(wanted, builders, {}, how, Heard())).records[0]

    return only


def without(effect: Effect, folder: Path) -> Path:
    """Return a copy of the harness from which an effect is taken out."""
    copy = folder / "harness"
    shutil.copytree(HARNESS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / effect.file).read_text(encoding="utf-8")
    for old, new in effect.taken_out.items():
        assert old in text, "the code has changed: say anew what the effect is"
        text = text.replace(old, new)
    (copy / effect.file).write_text(text, encoding="utf-8")
    return copy


def outcome(record: Record, remedy: str) -> Status | None:
    """Return how a remedy ended; None if it found nothing to do."""
    return next((tried.status for tried in record.remedies if tried.id == remedy), None)


@pytest.mark.parametrize("remedy", EFFECTS)
def test_a_remedy_mends(remedy: str, run: Run) -> None:
    """The cell does not load as it was saved, and does with the remedy, giving the saved outputs."""
    record = run(remedy)
    assert record.status is not Status.PASS
    assert outcome(record, remedy) is Status.PASS, record.remedies
    (tried,) = (each for each in record.remedies if each.id == remedy)
    assert tried.how
    assert tried.comparison is not None


@pytest.mark.parametrize("remedy", [name for name, effect in EFFECTS.items() if effect.taken_out])
def test_a_remedy_without_its_effect_fails(remedy: str, run: Run, tmp_path: Path) -> None:
    """With its effect taken out of the harness the remedy mends nothing."""
    record = run(remedy, without(EFFECTS[remedy], tmp_path))
    assert outcome(record, remedy) is not Status.PASS


OUTSIDE: Mapping[str, tuple[object, str, Callable[..., object]]] = {
    "legacy-keras": (remedies, "_with_tf_keras", lambda spec: spec),
    "re-save-through:tf2.15/h5": (
        rescue,
        "load_resaved_job",
        lambda cell, saved, folder, _resaved, _written, steps: remedy_job(cell, saved, folder, steps),
    ),
    "pin:numpy<2": (remedies, "pinned", lambda spec, _requirement: spec),
}
"""Remedies that are no matter of the harness: where each is done, and a function that does nothing of it."""


@pytest.mark.parametrize("remedy", OUTSIDE)
def test_a_remedy_outside_the_harness_without_its_effect_fails(
    remedy: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its effect taken out of the runner the remedy mends nothing."""
    monkeypatch.setattr(*OUTSIDE[remedy])
    assert outcome(run(remedy), remedy) is not Status.PASS


def test_every_remedy_has_its_place_here() -> None:
    """None is shipped that was never seen to work, and to fail."""
    assert {name.partition(":")[0] for name in EFFECTS} == set(remedies.REMEDIES)
    assert all(effect.taken_out or name in OUTSIDE for name, effect in EFFECTS.items())
