"""Stored results and a baseline, as a user brings them together on the command line."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from runner.__main__ import main
from runner.baseline import Baseline, decisions
from runner.baseline.document import read_baseline, write_baseline
from runner.baseline.gate import places
from runner.matrix import read_matrix
from runner.record import Cause, EnvironmentRecord, Phase, Record, Status
from runner.results import read_results, write_results
from runner.verdict import completed
from tests.unit.baselines import MATRIX, cell, row
from tests.unit.synthetic import results

REPOSITORY = Path(__file__).parents[2]
MATRIX_YAML = """\
version: 1
environments:
  tf2.8: {tensorflow: "2.8.4"}
  tf2.15: {tensorflow: "2.15.1"}
  tf2.16-legacy: {tensorflow: "2.16.2", tf-keras: "2.16.0", variables: {TF_USE_LEGACY_KERAS: "1"}}
scenarios:
  dense: {formats: [h5, keras]}
  lstm: {formats: [h5]}
"""
NAMES = [name for name in MATRIX if not name.startswith("lstm.keras")]
FAILING = "dense.h5@tf2.8->tf2.15"


class Place:
    """A folder with a matrix and the results of a run of it."""

    def __init__(self, folder: Path) -> None:
        self.matrix, self.output = folder / "matrix.yaml", folder / "out"
        self.baseline = folder / "reports" / "baseline.yaml"
        self.matrix.write_text(MATRIX_YAML)
        for scenario in ("dense", "lstm"):
            (folder / "scenarios" / scenario).mkdir(parents=True)
            (folder / "scenarios" / scenario / "save.py").touch()

    def ran(self, *others: Record) -> None:
        """Store the results of a run in which all but these cells pass."""
        found = {name: cell(name) for name in NAMES} | {record.id: record for record in others}
        environments = {name: EnvironmentRecord() for name in ("tf2.8", "tf2.15", "tf2.16-legacy")}
        write_results(results(completed(found.values()), environments), self.output / "results.json")

    def report(self, *arguments: str) -> int:
        """Report what is stored."""
        return main(["report", str(self.output), "--matrix", str(self.matrix), *arguments])

    @property
    def unexpected(self) -> list[str]:
        """Return the cells that are stored as not expected."""
        return [found.id for found in read_results(self.output).cells if not found.expected]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a folder in which one cell failed."""
    made = Place(tmp_path)
    made.ran(cell(FAILING, Status.FAIL, Cause.CONFIG_KEYWORD))
    return made


def test_accepting_stored_results(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """`report DIR --accept` writes the baseline beside the matrix, and the results as it judges them."""
    assert place.unexpected == [FAILING]
    assert place.report("--accept") == 0
    (accepted,) = read_baseline(place.baseline).rows
    assert accepted.cells == (FAILING,)
    assert place.unexpected == []
    said = capsys.readouterr().out
    assert "Against the baseline: 1 known, 0 new." in said
    assert "1 more accepted, 0 that pass now dropped" in " ".join(said.split())
    assert "Without a reason yet: 1 cell." in said
    assert "Against the baseline: 1 known, 0 new." in (place.output / "report.md").read_text(encoding="utf-8")


def test_accepting_again_leaves_the_file_alone(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is nothing to accept, the file stays as people wrote it, with its comments."""
    place.report("--accept")
    place.baseline.write_text(place.baseline.read_text() + "# ours\n")
    assert place.report("--accept") == 0
    assert place.baseline.read_text().endswith("# ours\n")
    assert "nothing to accept" in " ".join(capsys.readouterr().out.split())


def test_what_is_worse_is_told_with_what_was_accepted(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A cell that fails otherwise than accepted, or that nobody accepted, is told with the command that accepts it."""
    write_baseline(Baseline(rows=(row(FAILING, cause=Cause.CLASS_MOVED),)), place.baseline)
    place.ran(cell(FAILING, Status.FAIL, Cause.CONFIG_KEYWORD), cell("lstm.h5@tf2.8->tf2.8", Status.CRASH))
    assert place.report("--baseline", str(place.baseline)) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"{FAILING}: fail, config-keyword (accepted is fail, class-moved, at" in said
    assert "lstm.h5@tf2.8->tf2.8: crash" in said
    assert "--accept" in said
    assert place.unexpected == [FAILING, "lstm.h5@tf2.8->tf2.8"]


def test_what_is_blocked_is_told_with_its_save(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """One save that fails is one line, not one for each of the loads that have nothing to load."""
    root = cell("dense.h5@tf2.8->tf2.8", Status.FAIL, Cause.OP_MISSING, phase=Phase.SAVE)
    loads = [name for name in NAMES if name.startswith("dense.h5@tf2.8->") and name != root.id]
    place.ran(root, *(replace(cell(name, Status.BLOCKED, Cause.OP_MISSING), root=root.id) for name in loads))
    write_baseline(Baseline(), place.baseline)
    place.report("--baseline", str(place.baseline))
    said = " ".join(capsys.readouterr().out.split())
    assert "3 cells not as" in said
    assert f"✗ {root.id}: fail, op-missing ✗ and 2 cells with nothing to load, as these could not be saved" in said


def test_what_is_better_is_told_with_its_row(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A cell that passes now is told with the place of the row to drop, which --accept drops."""
    place.report("--accept")
    place.ran()
    place.report("--baseline", str(place.baseline))
    said = "".join(capsys.readouterr().out.split())
    assert f"{FAILING}:nowpasses:droptherowat{place.baseline}:6" in said
    assert place.unexpected == [FAILING]
    place.report("--accept")
    assert read_baseline(place.baseline).rows == ()


def test_rows_of_no_use_are_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows that expired, or match nothing, are told with their place, and the closest name there is."""
    old = replace(row(FAILING), expires=date(2026, 1, 31))
    write_baseline(Baseline(rows=(old, row("dense.h5@tf2.8->tf2.16"))), place.baseline)
    place.report("--baseline", str(place.baseline))
    said = " ".join(capsys.readouterr().out.split())
    assert f"expired on 2026-01-31: {FAILING}" in said
    assert "decides no cell of the matrix: dense.h5@tf2.8->tf2.16; perhaps you meant 'dense.h5@" in said


def test_a_report_without_a_baseline_keeps_what_was_judged(place: Place) -> None:
    """`report DIR` alone writes the reports again, and judges nothing anew."""
    place.report("--accept")
    place.baseline.unlink()
    stored = (place.output / "results.json").read_bytes()
    assert place.report() == 0
    assert (place.output / "results.json").read_bytes() == stored
    assert json.loads(stored)["cells"][1]["accepted"].endswith("no reason given")


def test_a_baseline_that_is_not_there_is_refused(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was named and is not there ends with 2, and says what writes it."""
    assert place.report("--baseline", str(place.output / "no.yaml")) == 2
    assert "With --accept it is written." in capsys.readouterr().err


def test_the_shipped_baseline_is_one_of_the_shipped_matrix() -> None:
    """Each row of it decides some cell of the shipped matrix, has a reason, and there are few of them."""
    shipped = read_baseline(REPOSITORY / "reports" / "baseline.yaml")
    universe = places(read_matrix(REPOSITORY / "matrix.yaml"))
    decided = decisions(shipped.rows, universe)
    assert set(decided.values()) == set(shipped.rows)
    assert not [each for each in shipped.rows if "no reason given" in each.reason]
    assert len(shipped.rows) < len(decided) / 20


@pytest.mark.parametrize("verb", ["run", "report"])
def test_mistakes_in_a_baseline_end_with_two(verb: str, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong in a baseline is told before anything runs, with its place, and ends with 2."""
    place.baseline.parent.mkdir()
    place.baseline.write_text("version: 1\naccepted:\n- {cells: x, status: fial, reason: r}\n")
    words = ["run", "--output"] if verb == "run" else ["report", "--accept"]
    assert main([*words, str(place.output), "--matrix", str(place.matrix)]) == 2
    assert f"{place.baseline}:3:22: unknown status 'fial'; perhaps you meant 'fail'" in capsys.readouterr().err
    assert not (place.output / "results.jsonl").exists()
