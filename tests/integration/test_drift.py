"""Each kind of drift is told apart in real releases, and rounding and chance are not taken for it."""

from pathlib import Path

import pytest

from runner.record import Cause, Status
from tests.integration.conftest import HERE, Ran, run

DRIFTS = {
    "checkpoint_of_other_names.checkpoint@tf2.15->tf2.21": (
        Cause.WEIGHTS_NOT_RESTORED,
        "dense",
        "These are fresh initial values: a second load gives kernel of dense others again.",
    ),
    "head_renamed.h5@tf2.8->tf2.15": (
        Cause.WEIGHTS_NOT_RESTORED,
        "predictions",
        "Not restored: kernel of predictions and bias of predictions. These are fresh initial values",
    ),
    "untracked_variable.keras@tf2.21->tf2.21": (
        Cause.WEIGHTS_NOT_RESTORED,
        "scale",
        "factors of scale is not what was saved",
    ),
    "normalization.h5@tf2.15->tf2.16-keras3.3": (
        Cause.WEIGHTS_NOT_RESTORED,
        "normalization",
        "mean of normalization is not what was saved",
    ),
    "vocabulary_not_in_weights.weights_h5@tf2.15->tf2.21": (
        Cause.ASSETS_MISSING,
        "string_lookup",
        "vocabulary of string_lookup has its words in another order",
    ),
    "statistics_not_trained.checkpoint@tf2.8->tf2.21": (
        Cause.WEIGHTS_NOT_RESTORED,
        "batch_normalization",
        "all are 0 or 1, as initializers have it. All are statistics",
    ),
    "softmax_axis.h5@tf2.15->tf2.16-keras3.3": (
        Cause.DECISION_CHANGED,
        "softmax",
        "softmax (Softmax): axis is -1, was 1",
    ),
    "hard_sigmoid.h5@tf2.15->tf2.21": (
        Cause.NUMERIC_DRIFT,
        "dense",
        'dense (Dense): its arguments agree (activation is "hard_sigmoid")',
    ),
}
ROUNDING = tuple(path.stem for path in sorted((HERE / "scenarios" / "rounding").glob("*.py")) if path.stem != "models")


@pytest.fixture(scope="module")
def drift(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run what drifts and what must not."""
    return run(tmp_path_factory.mktemp("drift"), "--matrix", str(HERE / "drift.yaml"), "--fresh")


@pytest.mark.parametrize("cell", DRIFTS)
def test_kinds(drift: Ran, cell: str) -> None:
    """Each kind of drift has its cause, the layer in which it begins, and a sentence of its own."""
    record, (cause, layer, said) = drift.cells[cell], DRIFTS[cell]
    assert (record.status, record.cause) == (Status.DRIFT, cause), record.explanation
    assert record.comparison is not None
    assert record.comparison.first_layer == layer
    assert said in record.explanation


@pytest.mark.parametrize("model", ROUNDING)
def test_rounding_is_no_drift(drift: Ran, model: str) -> None:
    """A model that makes much of rounding drifts between no two releases, and hardly at all between the same."""
    cells = [cell for cell in drift.results.cells if cell.scenario == model]
    assert not [(cell.id, cell.explanation) for cell in cells if cell.status is Status.DRIFT]
    same = [cell.comparison for cell in cells if cell.save == cell.load and cell.status is Status.PASS]
    assert same
    assert all(compared and compared.max_abs == 0 for compared in same)
    assert [cell for cell in cells if cell.save != cell.load and cell.status is Status.PASS]


def test_rounding_beyond_the_tolerance_is_told(drift: Ran) -> None:
    """What passes only because rounding explains it says so."""
    noisy = [cell for cell in drift.results.cells if "float-noise" in {warned.kind for warned in cell.warnings}]
    assert noisy
    assert {cell.status for cell in noisy} == {Status.PASS}
    assert {cell.scenario for cell in noisy} <= set(ROUNDING)


def test_chance_is_no_drift(drift: Ran) -> None:
    """Outputs that are random are not compared."""
    cells = [cell for cell in drift.results.cells if cell.scenario == "random_layers"]
    passing = [cell for cell in cells if cell.status is Status.PASS]
    assert {"tf2.8", "tf2.15", "tf2.16-keras3.3", "tf2.21"} == {cell.save for cell in passing}
    assert all("not-deterministic" in {warned.kind for warned in cell.warnings} for cell in passing)
    assert not [cell.id for cell in cells if cell.status is Status.DRIFT]


def test_report_measures_noise(drift: Ran) -> None:
    """The report says how much differs in the same environment, at most among what passes, and at least in drift."""
    report = Path(drift.output, "report.md").read_text(encoding="utf-8")
    assert "The same environment on both sides differs by at most 0; the largest difference that passes is " in report
