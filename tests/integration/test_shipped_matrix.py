"""The shipped scenarios give what the versions are known to do."""

import json
import shutil
from pathlib import Path

import pandas
import pytest

from runner.model import Format
from runner.record import Cause, Phase, Status
from runner.report.ways import remediable
from runner.results import results_schema
from runner.verdict import GOOD, way_out
from tests.integration.conftest import Ran, run

F, L = Phase.SAVE, Phase.LOAD

KNOWN = {
    # Keras 2 files in Keras 3: the classics of every upgrade
    "dense.h5@tf2.8->tf2.15": (Status.PASS, None, None),
    "dense.savedmodel@tf2.15->tf2.21": (Status.FAIL, Phase.LOAD, Cause.FORMAT_UNSUPPORTED),
    "lstm.h5@tf2.15->tf2.21": (Status.FAIL, Phase.LOAD, Cause.CONFIG_KEYWORD),
    "depthwise_conv.h5@tf2.15->tf2.21": (Status.FAIL, Phase.LOAD, Cause.CONFIG_KEYWORD),
    # and back
    "dense.savedmodel@tf2.15->tf2.8": (Status.FAIL, Phase.LOAD, Cause.OP_MISSING),
    "dense.savedmodel@tf2.21->tf2.21": (Status.FAIL, Phase.SAVE, Cause.FORMAT_UNSUPPORTED),
    "dense.savedmodel@tf2.21->tf2.8": (Status.BLOCKED, Phase.SAVE, Cause.FORMAT_UNSUPPORTED),
    # a custom class as an activation: known, and not known
    "custom_activation.savedmodel@tf2.8->tf2.10": (Status.PASS, None, None),
    # files that are not whole
    "savedmodel_without_pb.savedmodel@tf2.8->tf2.8": (Status.FAIL, Phase.LOAD, Cause.ARTIFACT_INCOMPLETE),
    "savedmodel_without_variables.savedmodel@tf2.8->tf2.10": (Status.FAIL, Phase.LOAD, Cause.ARTIFACT_INCOMPLETE),
}


@pytest.mark.parametrize("cell", KNOWN)
def test_known_outcome(shipped: Ran, cell: str) -> None:
    """A cell whose outcome is known from the field comes out so."""
    record = shipped.cells[cell]
    assert (record.status, record.phase, record.cause) == KNOWN[cell], record.explanation


def test_every_cell_of_the_plan_is_there_once(shipped: Ran) -> None:
    """The results hold every selected cell exactly once, and count each once."""
    cells = shipped.results.cells
    assert len(cells) == len({cell.id for cell in cells})
    assert sum(shipped.results.answer.counts.values()) == len(cells)
    assert not [cell.id for cell in cells if cell.status is Status.ERROR]


def test_blocked_cells_name_their_root(shipped: Ran) -> None:
    """A cell that had nothing to load names the cell whose save failed, and has its cause."""
    blocked = [cell for cell in shipped.results.cells if cell.status is Status.BLOCKED]
    assert blocked
    for cell in blocked:
        root = shipped.cells[str(cell.root)]
        assert (root.status, root.phase, root.cause) == (Status.FAIL, Phase.SAVE, cell.cause)


def test_drift_names_the_first_layer(shipped: Ran) -> None:
    """A model that loads and gives other numbers is drift, with the first layer that differs."""
    drifts = [cell for cell in shipped.results.cells if cell.status is Status.DRIFT]
    assert drifts
    assert all(cell.comparison and cell.comparison.max_abs for cell in drifts)
    hard_sigmoid = shipped.cells["hard_sigmoid.h5@tf2.15->tf2.21"]
    assert hard_sigmoid.status is Status.DRIFT
    assert hard_sigmoid.comparison is not None
    assert hard_sigmoid.comparison.first_layer is not None


def test_failures_are_recognised(shipped: Ran) -> None:
    """No more than one in fifty cells that fail has a cause that no row of the table knows."""
    failing = [cell for cell in shipped.results.cells if cell.status not in GOOD]
    unrecognised = [cell.id for cell in failing if cell.cause is Cause.UNRECOGNISED]
    assert len(unrecognised) <= 0.02 * len(failing), unrecognised


def test_most_failures_have_a_way_out(shipped: Ran) -> None:
    """Of the cells that do not load as they were saved, four in five have a remedy that was tried and passed."""
    wanting = remediable(shipped.results.cells)
    without = [cell for cell in wanting if way_out(cell) is None]
    assert len(wanting) > 100
    assert len(without) <= 0.2 * len(wanting), [cell.id for cell in without]
    assert all(cell.remedies for cell in without if cell.format is not Format.TFLITE)


def test_results_keep_to_their_schema(shipped: Ran) -> None:
    """results.json is what `schema --results` says it is."""
    import jsonschema

    stored = json.loads((shipped.output / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(stored, results_schema())


def test_csv_has_a_row_for_each_cell(shipped: Ran) -> None:
    """Read back by pandas, results.csv has a row for each cell."""
    frame = pandas.read_csv(shipped.output / "results.csv")
    assert set(frame["id"]) == set(shipped.cells)


def test_pins_are_written(shipped: Ran) -> None:
    """environments/<name>.txt has the exact pins, and they are those of the record."""
    for name, record in shipped.results.environments.items():
        pins = (shipped.output / "environments" / f"{name}.txt").read_text(encoding="utf-8").split()
        assert {pin.split("==")[0]: pin.split("==")[1] for pin in pins} == dict(record.packages)


def test_answer_and_exit_status(shipped: Ran) -> None:
    """The terminal shows an answer for each step of the upgrade; all that fails is known, so the status is 0."""
    unexpected = [(cell.id, cell.status, cell.cause) for cell in shipped.results.cells if not cell.expected]
    assert not unexpected
    assert shipped.status == 0, shipped.stderr
    assert "tf2.15" in shipped.stdout
    assert " known, 0 new." in shipped.stdout


def test_what_nobody_accepted_makes_the_run_fail(shipped: Ran, tmp_path: Path) -> None:
    """Under an empty baseline the same cells, taken over, end with 1; accepted, they end with 0."""
    output, baseline = tmp_path / "output", tmp_path / "baseline.yaml"
    shutil.copytree(shipped.output, output)
    baseline.write_text("version: 1\n", encoding="utf-8")
    chosen = ("--env", "tf2.8", "--env", "tf2.15", "--scenario", "dense", "--baseline", str(baseline))
    refused = run(output, *chosen)
    assert refused.status == 1
    assert "dense.savedmodel@tf2.15->tf2.8: fail, op-missing" in refused.stdout
    assert run(output, *chosen, "--accept").status == 0
    assert run(output, *chosen).status == 0


def test_an_unchanged_run_takes_everything_over(shipped: Ran) -> None:
    """The same command again judges nothing anew, and gives the same cells."""
    before = shipped.cells
    again = run(shipped.output, "--env", "tf2.8", "--env", "tf2.15", "--scenario", "dense")
    assert again.cells
    assert all(before[name] == cell for name, cell in again.cells.items())
