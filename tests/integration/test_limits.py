"""What a cell may use holds for real TensorFlow on the machine itself, and those beside it come out right."""

from pathlib import Path

import pytest

from runner.record import Cause, Phase, Status
from tests.integration.conftest import HERE, Ran, run

INNOCENTS = ("innocent_a", "innocent_b", "innocent_c", "loader_of_data")
HUNGRY = {
    "tensor": Phase.SAVE,
    "array": Phase.SAVE,
    "pieces": Phase.SAVE,
    "children": Phase.SAVE,
    "second_try": Phase.SAVE,
    "loads_tensor": Phase.LOAD,
}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run all of them at the same time, on one server."""
    return run(tmp_path_factory.mktemp("limits"), "--matrix", str(HERE / "limits.yaml"), "--fresh", "--jobs", "3")


@pytest.mark.parametrize("name", HUNGRY)
def test_a_hundred_gigabytes(limited: Ran, name: str) -> None:
    """A cell that wants a hundred gigabytes, by itself or with others, is an error that names the limit."""
    (cell,) = (cell for cell in limited.cells.values() if cell.scenario == name)
    assert (cell.status, cell.cause, cell.phase) == (Status.ERROR, Cause.OUT_OF_MEMORY, HUNGRY[name]), cell
    assert "limits.memory_mb" in cell.explanation


@pytest.mark.parametrize("name", INNOCENTS)
def test_others_are_unharmed(limited: Ran, name: str) -> None:
    """What runs beside them passes at its first try, and so does what shares its memory with many processes."""
    (cell,) = (cell for cell in limited.cells.values() if cell.scenario == name)
    assert (cell.status, cell.attempts) == (Status.PASS, 1), cell
    assert cell.peak_rss_mb is not None
    assert cell.peak_rss_mb < 2000


def test_the_run_says_that_some_were_not_judged(limited: Ran) -> None:
    """The run ends with the status for cells that could not be judged."""
    assert limited.status == 4, limited.stderr


def test_the_machine_is_as_before(limited: Ran) -> None:
    """No process of theirs is left."""
    commands = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    assert not [command for command in commands if str(limited.output).encode() in command]
