"""`nox -s image`: what is said before any engine is asked."""

from pathlib import Path

import pytest

from runner.environments.image import main

MATRIX = str(Path(__file__).parents[2] / "matrix.yaml")


def test_unknown_environment(capsys: pytest.CaptureFixture[str]) -> None:
    """An environment that the matrix has not ends with 2 and names the closest."""
    assert main(["tf2.16-legcy", "--matrix", MATRIX]) == 2
    assert "perhaps you meant 'tf2.16-legacy'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["Tf:1", "tf2.15", "a b:1"])
def test_what_is_no_name_for_an_image(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A tag that Docker would not take ends with 2 and says what one looks like."""
    assert main(["tf2.15", "--matrix", MATRIX, "--tag", name]) == 2
    assert f"{name!r} is no name for an image; write it" in capsys.readouterr().err
