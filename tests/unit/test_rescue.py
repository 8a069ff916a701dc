"""The search for a way out of a failure, with real servers and forks."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runner.environments import EnvironmentFailure
from runner.execution.run import execute
from runner.model import Backend
from runner.plan import Filters, plan
from runner.record import Cause, Record, Status
from runner.remedies import Mode
from tests.fakes import SAVE, Heard, Lab, environment, matrix

REFUSING = """
    import json
    import numpy as np
    import tensorflow as tf

    {code}

    def save(path):
        model = tf.keras.Sequential([tf.keras.layers.Dense(3, name="hidden"), tf.keras.layers.Dense(2, name="out")])
        inputs = np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)
        model(inputs)
        model.compile(tf.keras.optimizers.SGD())
        model.save(path)
        with open(path) as file:
            stored = json.load(file)
        stored["refuses"] = {refuses}
        with open(path, "w") as file:
            json.dump(stored, file)
        return model, inputs
"""
"""A save script whose file cannot be loaded without certain arguments."""

LOSS = "Unknown loss function: 'mine'. Please ensure you are using a `keras.utils.custom_object_scope`"
LAYER = "Unknown layer: 'Mine'"
UNSAFE = "Requested the deserialization of a lambda; pass safe_mode=False"
MINE = "class Mine: pass"
ADVICE = "import tensorflow as tf\n\ndef load(path):\n    return tf.keras.models.load_model(path)\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return an empty lab."""
    return Lab(tmp_path)


def ran(
    lab: Lab,
    save: str,
    load: str | None = None,
    *,
    mode: Mode = Mode.FIRST,
    trust: bool = False,
    blame: bool = False,
    environments: Sequence[str] = ("tf2.8.0",),
    failures: dict[str, EnvironmentFailure] | None = None,
) -> dict[str, Record]:
    """Run one scenario and return its records."""
    specs = [environment(name) for name in environments]
    wanted = plan(matrix(specs, [lab.scenario("one", save, load)]), Filters())
    how = replace(lab.options(), remedies=mode, trust=trust, blame=blame)
    builders = {Backend.NOX: lab.builder(failures)}
    executed = asyncio.run(execute(wanted, builders, lab.journal, how, Heard()))
    return {record.id: record for record in executed.records}


def one(lab: Lab, save: str, load: str | None = None, *, mode: Mode = Mode.FIRST, trust: bool = False) -> Record:
    """Run one cell and return its record."""
    (record,) = ran(lab, save, load, mode=mode, trust=trust).values()
    return record


def refusing(code: str = "", **refuses: str) -> str:
    """Return a save script whose file refuses to be loaded."""
    return REFUSING.format(code=code, refuses=refuses)


def outcomes(record: Record) -> dict[str, Status]:
    """Return what was tried and how it ended."""
    return {tried.id: tried.status for tried in record.remedies}


def test_the_remedy_that_takes_the_failure_away_is_found(lab: Lab) -> None:
    """What fails for its loss loads without compiling; the record says what that loses, and how it is done."""
    record = one(lab, refusing(compile=LOSS))
    assert (record.status, record.cause) == (Status.FAIL, Cause.LOSS_OR_METRIC_UNRESOLVED)
    tried = record.remedies[-1]
    assert (tried.id, tried.status, tried.how) == ("compile-false", Status.PASS, "load_model(path, compile=False)")
    assert "optimizer" in tried.loses
    assert tried.comparison is not None
    assert tried.comparison.max_abs == 0


def test_failures_come_in_rows(lab: Lab) -> None:
    """What takes away the first failure is combined with what takes away the second; both causes are kept."""
    record = one(lab, refusing(MINE, Mine=LAYER, compile=LOSS))
    assert outcomes(record)["custom-objects"] is Status.FAIL
    assert record.remedies[-1].id == "custom-objects+compile-false"
    assert record.remedies[-1].status is Status.PASS
    assert record.causes == (Cause.CUSTOM_OBJECT_MISSING, Cause.LOSS_OR_METRIC_UNRESOLVED)


def test_arguments_reach_the_scenario_s_own_load_script(lab: Lab) -> None:
    """A load script that calls load_model gets the argument without being changed."""
    assert outcomes(one(lab, refusing(compile=LOSS), ADVICE))["compile-false"] is Status.PASS


def test_code_from_the_file_needs_trust(lab: Lab) -> None:
    """Safe mode is switched off only where the user allows it, and the record says so otherwise."""
    record = one(lab, refusing(safe_mode=UNSAFE))
    assert "safe-mode-off" not in outcomes(record)
    assert [warned.kind for warned in record.warnings] == ["remedy-needs-trust"]
    assert outcomes(one(lab, refusing(safe_mode=UNSAFE), trust=True))["safe-mode-off"] is Status.PASS


def test_nothing_is_tried_if_nothing_is_asked_for(lab: Lab) -> None:
    """--remedies none leaves a failure as it is."""
    assert one(lab, refusing(compile=LOSS), mode=Mode.NONE).remedies == ()


def test_all_goes_on_after_the_first(lab: Lab) -> None:
    """--remedies all tries what loses more, too."""
    first = one(lab, refusing(MINE, Mine=LAYER))
    every = one(lab, refusing(MINE, Mine=LAYER), mode=Mode.ALL)
    assert [tried.id for tried in first.remedies] == ["custom-objects"]
    assert {"custom-objects", "weights-into-rebuilt-model"} <= set(outcomes(every))


def test_a_cell_that_passes_is_left_alone(lab: Lab) -> None:
    """There is nothing to mend in it."""
    assert one(lab, SAVE, mode=Mode.ALL).remedies == ()


def test_other_numbers_are_a_failed_remedy(lab: Lab) -> None:
    """A way that loads, and gives something else, is told apart from one that works."""
    spoiling = """
        import tensorflow as tf
        def load(path):
            model = tf.keras.models.load_model(path)
            model.layers[0].weights[0] += 1
            return model
    """
    assert outcomes(one(lab, refusing(compile=LOSS), spoiling))["compile-false"] is Status.DRIFT


def test_what_was_tried_is_taken_over_with_the_cell(lab: Lab) -> None:
    """An unchanged run tries nothing again; one that asks for more does."""
    (first,) = ran(lab, refusing(compile=LOSS)).values()
    (again,) = ran(lab, refusing(compile=LOSS)).values()
    (more,) = ran(lab, refusing(compile=LOSS), mode=Mode.ALL).values()
    assert again == first
    assert more.key != first.key


def test_an_environment_that_cannot_be_imported_gets_a_pin(lab: Lab) -> None:
    """The cells of an environment that its NumPy breaks are tried in one with an older NumPy."""
    text = "TensorFlow cannot be used in tf2.9.0: ImportError: numpy.core.multiarray failed to import"
    broken = {"tf2.9.0": EnvironmentFailure(Cause.ENVIRONMENT_IMPORT, text, reason=Cause.NUMPY_ABI)}
    records = ran(lab, SAVE, environments=("tf2.8.0", "tf2.9.0"), failures=broken)
    record = records["one.h5@tf2.8.0->tf2.9.0"]
    assert (record.status, record.cause) == (Status.ERROR, Cause.ENVIRONMENT_IMPORT)
    assert outcomes(record) == {"pin:numpy<2": Status.PASS}
