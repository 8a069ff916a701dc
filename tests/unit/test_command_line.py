"""The verbs that run nothing, as a user calls them."""

import json
from pathlib import Path

import pytest

from runner.__main__ import main
from runner.results import results_schema, write_results
from tests.unit.synthetic import synthetic

REPOSITORY = Path(__file__).parents[2]
MATRIX = str(REPOSITORY / "matrix.yaml")


def test_plan_says_what_would_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    """`plan` names environments and scenarios, counts the cells and says what they cost."""
    assert main(["plan", "--matrix", MATRIX, "--env", "tf2.1[05]", "--scenario", "dense", "--jobs", "2"]) == 0
    said = capsys.readouterr().out
    assert "tensorflow-cpu==2.15.1, as of 2024-03-22" in said
    assert "Cells: 12 (6 saves, 12 loads, 0 declared unsupported)" in said
    assert "to download" in said


def test_plan_says_where_it_would_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    """`plan --backend docker` names the image of each environment."""
    assert main(["plan", "--matrix", MATRIX, "--env", "tf2.15", "--scenario", "dense", "--backend", "docker"]) == 0
    assert "(docker, python:3.11-slim)" in capsys.readouterr().out


def test_plan_of_a_shard(capsys: pytest.CaptureFixture[str]) -> None:
    """`plan --shard` says what a part of the run would do, and how much of the whole that is."""
    wanted = ["plan", "--matrix", MATRIX, "--env", "tf2.1[05]", "--scenario", "dense", "--shard", "1/3"]
    assert main(wanted) == 0
    said = capsys.readouterr()
    assert "Cells: 4 (2 saves, 4 loads, 0 declared unsupported)" in said.out
    assert "Shard 1/3: 4 of 12 cells, in 2 of 2 environments" in said.err


def test_plan_of_an_empty_shard(capsys: pytest.CaptureFixture[str]) -> None:
    """A shard for which nothing is left says so, and ends with 0: another machine does all the work."""
    assert main(["plan", "--matrix", MATRIX, "--env", "tf2.15", "--scenario", "dense", "--shard", "9/9"]) == 0
    said = capsys.readouterr()
    assert "Cells: 0" in said.out
    assert "Shard 9/9 is empty" in said.err


def test_times_without_a_shard(capsys: pytest.CaptureFixture[str]) -> None:
    """Times decide nothing where a run is not cut: that is an error rather than nothing."""
    assert main(["plan", "--matrix", MATRIX, "--times", "nowhere"]) == 2
    assert "--shard I/N" in capsys.readouterr().err


def test_nothing_selected_ends_with_three(capsys: pytest.CaptureFixture[str]) -> None:
    """A filter that matches nothing ends with exit status 3 and says what there is."""
    assert main(["plan", "--matrix", MATRIX, "--scenario", "dense_"]) == 3
    said = capsys.readouterr().err
    assert "--scenario dense_ matches none of" in said
    assert "dense" in said


def test_wrong_matrix_ends_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Mistakes in the matrix end with exit status 2, each with its place."""
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text("version: 1\nenvironments:\n  a: {tensorflow: 2.10}\nscenarios: {}\n", encoding="utf-8")
    assert main(["run", "--matrix", str(matrix), "--output", str(tmp_path / "out")]) == 2
    assert f"{matrix}:3:19: quote it: " in capsys.readouterr().err


def test_schema_of_both_files(capsys: pytest.CaptureFixture[str]) -> None:
    """`schema` prints the schema that editors use, and with `--results` that of the results."""
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == (REPOSITORY / "matrix.schema.json").read_text(encoding="utf-8")
    assert main(["schema", "--results"]) == 0
    assert json.loads(capsys.readouterr().out) == results_schema()


def test_report_writes_everything_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`report DIR` needs nothing but results.json."""
    write_results(synthetic(), tmp_path / "results.json")
    assert main(["report", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} >= {"results.json", "results.csv", "report.md", "junit.xml"}
    assert "Reports:" in capsys.readouterr().out


def test_report_of_nothing_ends_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without results ends with exit status 2 and says what writes them."""
    assert main(["report", str(tmp_path)]) == 2
    assert "nox -s matrix" in capsys.readouterr().err
