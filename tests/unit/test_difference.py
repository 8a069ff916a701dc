"""What changed between two runs, and how it is told."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from runner.__main__ import main
from runner.difference import Difference, Kind, difference, exit_status
from runner.record import Cause, Comparison, Phase, Raised, Record, Status
from runner.report.difference import to_json, to_markdown
from runner.results import read_results, write_results
from runner.verdict import FailOnChange
from tests.unit.baselines import cell, runs
from tests.unit.synthetic import results, synthetic

NAME, OTHER = "dense.h5@tf2.8->tf2.15", "dense.h5@tf2.8->tf2.8"
STORED = Path(__file__).parent / "stored" / "results-a14538e.json"
PASS = cell(NAME)
FAIL = cell(NAME, Status.FAIL, Cause.CONFIG_KEYWORD, phase=Phase.LOAD)


def between(old: list[Record], new: list[Record]) -> Difference:
    """Return what changed between two runs with these cells."""
    return difference(results(tuple(old), {}), results(tuple(new), {}))


def drift(max_abs: float | None, weights: float | None = None, status: Status = Status.DRIFT) -> Record:
    """Return a cell that is so far off."""
    comparison = Comparison(max_abs=max_abs, weights_max_abs=weights)
    cause = Cause.NUMERIC_DRIFT if status is Status.DRIFT else None
    return replace(cell(NAME, status, cause), comparison=comparison)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ([PASS], [FAIL], Kind.REGRESSED),
        ([PASS], [drift(0.5)], Kind.REGRESSED),
        ([FAIL], [PASS], Kind.FIXED),
        ([FAIL], [replace(FAIL, cause=Cause.CLASS_MOVED)], Kind.CHANGED),
        ([FAIL], [replace(FAIL, status=Status.CRASH)], Kind.CHANGED),
        ([FAIL], [FAIL], None),
        ([PASS], [PASS], None),
        ([], [FAIL], Kind.NEW),
        ([PASS], [], Kind.GONE),
        ([PASS], [cell(NAME, Status.UNSUPPORTED)], Kind.GONE),
        ([cell(NAME, Status.UNSUPPORTED)], [FAIL], Kind.NEW),
        ([cell(NAME, Status.UNSUPPORTED)], [], None),
        ([PASS], [cell(NAME, Status.ERROR)], Kind.LOST),
        ([cell(NAME, Status.ERROR)], [PASS], Kind.NEW),
        ([cell(NAME, Status.ERROR)], [cell(NAME, Status.ERROR)], None),
        # the same failed save, told at this cell in one run and at another one in the other
        ([cell(NAME, Status.BLOCKED, Cause.CONFIG_KEYWORD, phase=Phase.SAVE)], [replace(FAIL, phase=Phase.SAVE)], None),
        # numbers
        ([drift(0.5)], [drift(1.0)], Kind.MOVED),
        ([drift(0.5)], [drift(0.6)], None),
        ([drift(0.5, 1.0)], [drift(0.5, 0.1)], Kind.MOVED),
        ([drift(0.0, status=Status.PASS)], [drift(1e-4, status=Status.PASS)], Kind.MOVED),
        ([drift(1e-8, status=Status.PASS)], [drift(9e-7, status=Status.PASS)], None),
        ([drift(None)], [drift(1.0)], None),
    ],
)
def test_what_became_of_a_cell(old: list[Record], new: list[Record], kind: Kind | None) -> None:
    """A cell regressed, was fixed, fails otherwise, moved in its numbers, is new, is gone, or is as it was."""
    assert [change.kind for change in between(old, new).changes] == ([kind] if kind else [])


@given(runs, runs)
def test_every_cell_is_told_once(old: tuple[Record, ...], new: tuple[Record, ...]) -> None:
    """Each cell of the two runs is in at most one change, and in none only if it is as it was, or unknown in both."""
    found = between(list(old), list(new))
    names = [change.id for change in found.changes]
    before, after = {each.id: each for each in old}, {each.id: each for each in new}
    assert len(names) == len(set(names))
    unknown = {None, Status.UNSUPPORTED, Status.ERROR}
    everywhere = before.keys() | after.keys()
    sides = [{side[name].status if name in side else None for side in (before, after)} for name in everywhere]
    told = [change for change in found.changes if change.kind is not Kind.MOVED]
    assert len(told) + found.passing + found.failing + sum(map(unknown.issuperset, sides)) == len(everywhere)


@given(runs)
def test_a_run_does_not_differ_from_itself(cells: tuple[Record, ...]) -> None:
    """The same results twice are no change."""
    found = between(list(cells), list(cells))
    assert found.changes == ()
    assert exit_status(found, FailOnChange.ANY) == 0


@given(runs, runs)
def test_any_difference_can_be_told(old: tuple[Record, ...], new: tuple[Record, ...]) -> None:
    """Whatever changed, there is Markdown for it, and JSON that has each change."""
    found = between(list(old), list(new))
    assert to_markdown(found).startswith("# What changed")
    assert [change["id"] for change in json.loads(to_json(found))["changes"]] == [change.id for change in found.changes]


@pytest.mark.parametrize(
    ("old", "new", "statuses"),
    [
        ([PASS], [FAIL], (1, 1, 0)),
        ([FAIL], [PASS], (0, 1, 0)),
        ([], [FAIL], (0, 1, 0)),
        ([PASS], [PASS], (0, 0, 0)),
        ([PASS], [cell(NAME, Status.ERROR)], (4, 4, 4)),
    ],
)
def test_what_makes_it_fail(old: list[Record], new: list[Record], statuses: tuple[int, int, int]) -> None:
    """It ends with 1 if something regressed, or on demand for any change or none, and with 4 if knowledge was lost."""
    found = between(old, new)
    assert tuple(exit_status(found, fail_on) for fail_on in FailOnChange) == statuses


def test_the_verb_takes_files_and_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`diff OLD NEW` reads a results.json or the folder that has it, and says in a sentence what changed."""
    write_results(results((PASS, cell(OTHER)), {}), tmp_path / "old" / "results.json")
    write_results(results((FAIL, cell(OTHER)), {}), tmp_path / "new.json")
    assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new.json")]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "Regressed: 1 cell" in said
    assert f"{NAME}: pass -> fail, config-keyword" in said
    assert "1 regressed; 1 pass as before, 0 still fail with the same cause." in said
    assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new.json"), "--fail-on", "never"]) == 0


def test_cells_that_changed_alike_are_told_together() -> None:
    """Thousands of cells are told in globs, not one by one, and no more than one reads."""
    old = synthetic()
    new = replace(old, cells=tuple(replace(each, status=Status.FAIL, cause=Cause.OP_MISSING) for each in old.cells))
    text = to_markdown(difference(old, new))
    assert len(text.splitlines()) < 150
    assert "- `*.keras@tf2.8->*`: fail, op-missing" in text


def test_results_of_an_older_program_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    """What was stored before there were images, and reasons for what is accepted, is compared as anything else."""
    assert "image" not in STORED.read_text(encoding="utf-8")
    assert main(["diff", str(STORED), str(STORED)]) == 0
    assert "Nothing changed: 14 pass as before, 18 still fail" in " ".join(capsys.readouterr().out.split())
    assert read_results(STORED).cells[0].accepted is None


def test_text_of_a_model_is_only_text() -> None:
    """Names and explanations from outside are text in Markdown, and whole in JSON."""
    hostile = "a | b\n## c <script>alert(1)</script> ]]> \x1b[31m `x` \x00"
    bad = replace(FAIL, id=hostile, scenario=hostile, explanation=hostile, exception=Raised(type="E", message=hostile))
    found = between([replace(PASS, id=hostile, scenario=hostile)], [bad])
    page = MarkdownIt("commonmark").enable("table").render(to_markdown(found))
    assert set(re.findall(r"<[/!?]?(\w*)", page)) <= {"h1", "h2", "p", "ul", "li", "code", "strong"}
    assert "a | b ## c" in html.unescape(re.sub("<[^>]*>", "", page))
    (change,) = json.loads(to_json(found))["changes"]
    assert change["id"] == hostile
    assert change["new"]["explanation"] == hostile
