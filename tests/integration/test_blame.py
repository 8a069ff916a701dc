"""The one difference that breaks a cell, found in environments that are made for it."""

from pathlib import Path

from runner.record import Cause, Status
from tests.integration.conftest import run


def test_the_python_is_to_blame_for_byte_code(tmp_path: Path) -> None:
    """A lambda saved by Python 3.9 and read by 3.11 is no matter of TensorFlow."""
    arguments = ("--scenario", "lambda_layer", "--format", "h5", "--save", "tf2.10", "--load", "tf2.12", "--blame")
    (cell,) = run(tmp_path, *arguments, "--remedies", "none").cells.values()
    assert (cell.status, cell.cause) == (Status.FAIL, Cause.LAMBDA_BYTECODE)
    assert cell.blame is not None
    assert (cell.blame.component, cell.blame.save, cell.blame.load) == ("python", "3.9", "3.11")
    assert "numpy" in cell.blame.cleared
    assert cell.blame.text in (tmp_path / "report.md").read_text(encoding="utf-8")
