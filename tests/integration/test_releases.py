"""Every environment that crossload promises can be made, and says what it really is."""

import pytest

from runner.record import Phase, Status
from tests.integration.conftest import Ran

VERSIONS = {
    "keras2.3": ("3.7", "1.15.5", "2.3.1"),
    "tf2.2": ("3.8", "2.2.3", "2.3.0-tf"),
    "tf2.3": ("3.8", "2.3.4", "2.4.0"),
    "tf2.5": ("3.9", "2.5.3", "2.5.0"),
    "tf2.6": ("3.9", "2.6.5", "2.6.0"),
    "tf2.8": ("3.9", "2.8.4", "2.8.0"),
    "tf2.10": ("3.9", "2.10.1", "2.10.0"),
    "tf2.12": ("3.11", "2.12.1", "2.12.0"),
    "tf2.13": ("3.11", "2.13.1", "2.13.1"),
    "tf2.14": ("3.11", "2.14.1", "2.14.0"),
    "tf2.15": ("3.11", "2.15.1", "2.15.0"),
    "tf2.16-keras3.0": ("3.11", "2.16.2", "3.0.5"),
    "tf2.16-keras3.3": ("3.11", "2.16.2", "3.3.3"),
    "tf2.16-legacy": ("3.11", "2.16.2", "2.16.0"),
    "tf2.17": ("3.11", "2.17.1", "3.6.0"),
    "tf2.18": ("3.11", "2.18.1", "3.9.1"),
    "tf2.19": ("3.11", "2.19.1", "3.11.3"),
    "tf2.20": ("3.13", "2.20.0", "3.11.3"),
    "tf2.21": ("3.13", "2.21.0", "3.15.1"),
}


@pytest.mark.parametrize("name", VERSIONS)
def test_environment_is_ready_with_the_versions_of_its_time(releases: Ran, name: str) -> None:
    """An environment is ready, and records the versions that were really imported in it."""
    record = releases.results.environments[name]
    python, tensorflow, keras = VERSIONS[name]
    assert record.status == "ready", record.explanation
    assert (record.python or "").startswith(python + ".")
    assert (record.tensorflow, record.keras) == (tensorflow, keras)


@pytest.mark.parametrize("name", VERSIONS)
def test_model_comes_back_where_it_was_saved(releases: Ran, name: str) -> None:
    """A plain model is saved and loaded in every environment, with the same outputs and weights."""
    cell = releases.cells[f"plain_dense.h5@{name}->{name}"]
    assert cell.status is Status.PASS, cell.explanation
    assert cell.comparison is not None
    assert cell.comparison.max_abs == 0.0
    assert cell.comparison.weights_max_abs == 0.0


def test_standalone_keras_is_the_one_that_is_used(releases: Ran) -> None:
    """A scenario for standalone Keras runs where the matrix names one, and is declared unsupported elsewhere."""
    assert releases.cells["standalone_keras.h5@keras2.3->keras2.3"].status is Status.PASS
    assert releases.cells["standalone_keras.h5@keras2.3->tf2.8"].status is Status.UNSUPPORTED


def test_every_cell_of_the_plan_is_there_once(releases: Ran) -> None:
    """Every scenario, format and pair of environments has exactly one record, in the results and in the journal."""
    cells = releases.results.cells
    assert len(cells) == len({cell.id for cell in cells}) == 2 * len(VERSIONS) ** 2
    journal = (releases.output / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(journal) == len(cells)


def test_keras_2_does_not_read_what_keras_3_writes(releases: Ran) -> None:
    """Keras 3's input layer has arguments that Keras 2 does not know: config-keyword, at load."""
    cell = releases.cells["plain_dense.h5@tf2.18->tf2.15"]
    assert (cell.status, cell.phase, cell.cause) == (Status.FAIL, Phase.LOAD, "config-keyword")
    assert cell.exception is not None
    assert "batch_shape" in cell.exception.message
