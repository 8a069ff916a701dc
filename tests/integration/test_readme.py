"""What the README tells a stranger to do works when it is pasted."""

import re
import subprocess
import sys
from pathlib import Path

from runner.baseline.document import read_baseline
from runner.record import Cause, Status
from tests.integration.conftest import REPOSITORY, run

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language, in the order of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_scenario_of_one_s_own(tmp_path: Path) -> None:
    """The example scenario and its line in the matrix run as they stand."""
    save = next(block for block in blocks("python") if "def save" in block)
    scenarios = next(block for block in blocks("yaml") if block.startswith("scenarios:"))
    folder = tmp_path / "scenarios" / "my_model"
    folder.mkdir(parents=True)
    (folder / "save.py").write_text(save, encoding="utf-8")
    environments = 'environments: {tf2.8: {tensorflow: "2.8.4"}, tf2.15: {tensorflow: "2.15"}}\n'
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(f"version: 1\n{environments}{scenarios}", encoding="utf-8")
    ran = run(tmp_path / "report", "--matrix", str(matrix))
    assert len(ran.cells) == 12
    assert ran.cells["my_model.h5@tf2.8->tf2.15"].status is Status.PASS
    assert ran.cells["my_model.h5@tf2.15->tf2.8"].status is Status.PASS


def test_example_matrix_is_one(tmp_path: Path) -> None:
    """The example of matrix.yaml is a matrix, with the environments that it says."""
    text = next(block for block in blocks("yaml") if "yaml-language-server" in block)
    (tmp_path / "scenarios" / "my_model").mkdir(parents=True)
    (tmp_path / "scenarios" / "my_model" / "save.py").touch()
    (tmp_path / "matrix.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "runner", "plan", "--matrix", str(tmp_path / "matrix.yaml")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in ("tf2.8", "tf2.16-legacy", "tf2.15-today", "tf2.19"))


def test_example_baseline_is_one(tmp_path: Path) -> None:
    """The example of a baseline is read, and accepts what it says."""
    path = tmp_path / "baseline.yaml"
    path.write_text(next(block for block in blocks("yaml") if "accepted:" in block), encoding="utf-8")
    (row,) = read_baseline(path).rows
    assert row.matches("dense.savedmodel@tf2.15->tf2.18")
    assert (row.status, row.cause) == (Status.FAIL, Cause.FORMAT_UNSUPPORTED)


def test_commands_are_those_of_ci() -> None:
    """CI runs the README's test command as it is printed."""
    command = next(line for line in README.splitlines() if line.startswith("$") and "nox -s tests" in line)
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert command.removeprefix("$ ").split("#")[0].strip() in script.splitlines()


def test_environment_to_step_inside(tmp_path: Path) -> None:
    """The session for one environment builds it and says how to step inside."""
    command = [sys.executable, "-m", "nox", "--envdir", str(tmp_path), "-s", "environment(tf2.8)"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    python = next(line.strip() for line in done.stdout.splitlines() if line.endswith("/bin/python"))
    code = "import tensorflow; print(tensorflow.__version__)"
    inside = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert inside.stdout.strip() == "2.8.4"


def test_unknown_environment_is_named() -> None:
    """A name that the matrix does not have gives a sentence with the closest one."""
    command = [sys.executable, "-m", "runner.environments", "tf2.88"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "tf2.8" in done.stderr
    assert "Traceback" not in done.stderr
