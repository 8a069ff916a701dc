"""What GitHub Actions is told of a run."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.record import Cause, Raised, Record, Status
from runner.report.github import MOST, annotations, append_summary, is_here
from runner.report.markdown import to_markdown
from tests.unit.synthetic import synthetic
from tests.unit.test_fitting import unlike
from tests.unit.test_results import RECORD, records

COMMAND = re.compile(r"::(error|notice) title=([^:,\r\n]*)::([^\r\n]*)")
BAD = replace(RECORD, status=Status.FAIL, cause=Cause.OP_MISSING, explanation="No such op.")


def read(line: str) -> tuple[str, str, str]:
    """Return kind, title and message of an annotation, as GitHub reads it."""
    command = COMMAND.fullmatch(line)
    assert command, line
    kind, title, message = map(_decoded, command.groups())
    return kind, title, message


def _decoded(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_a_cell_that_is_not_as_expected_is_an_annotation() -> None:
    """The annotation has the cell's id as title, and says its status, its cause and why."""
    assert annotations([BAD]) == ["::error title=dense.h5@a->b::fail, op-missing: No such op."]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": Status.PASS}, "It passes, which was not expected."),
        ({"status": Status.ERROR, "expected": True}, "error, op-missing: No such op."),
        ({"cause": None, "explanation": ""}, "fail"),
        ({"explanation": "", "exception": Raised(type="E", message="100 %\nmore")}, "fail, op-missing: E: 100 %"),
    ],
)
def test_what_an_annotation_says(changes: dict[str, object], said: str) -> None:
    """A pass that was to fail, and what could not be judged, are annotated too."""
    (line,) = annotations([replace(BAD, **changes)])  # type: ignore[arg-type]
    assert read(line) == ("error", BAD.id, said)


def test_what_is_as_expected_is_none() -> None:
    """Known failures and passes are not annotated."""
    assert annotations([replace(BAD, expected=True), replace(RECORD, expected=True)]) == []


def test_no_more_than_github_shows() -> None:
    """Ten cells are annotated, one of every cause first, and a notice says how many more there are."""
    common = [replace(BAD, id=f"common-{number}") for number in range(1_000)]
    rare = [replace(BAD, id="rare", cause=Cause.H5PY_API), replace(BAD, id="crash", status=Status.CRASH, cause=None)]
    *errors, more = map(read, annotations([*common, *rare]))
    assert [title for _, title, _ in errors] == ["common-0", "rare", "crash", *(f"common-{n}" for n in range(1, 8))]
    assert len(errors) == MOST
    assert more[0] == "notice"
    assert more[2].startswith("And 992 more cells not as expected")


@given(st.lists(records, min_size=1, max_size=3), st.text(st.characters()))
def test_no_text_makes_another_command(cells: list[Record], text: str) -> None:
    """Whatever names and messages hold, each annotation is one line and one command."""
    hostile = f"{text}\n::error title=x::y\r::add-mask::z, a:b %0A"
    for line in annotations([replace(cell, id=hostile, explanation=hostile) for cell in cells]):
        _, title, message = read(line)
        assert title.endswith("::error title=x::y ::add-mask::z, a:b %0A") or len(title) == 400
        assert message.isprintable()


def test_the_summary_is_the_report(tmp_path: Path) -> None:
    """What others wrote into the summary of the step stays, and the report follows."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    append_summary(synthetic(), summary)
    assert summary.read_text("utf-8") == f"before\n{to_markdown(synthetic())}\n"


def test_the_summary_stays_small_enough(tmp_path: Path) -> None:
    """The report takes no more room than there is left."""
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * 600_000)
    append_summary(unlike(100), summary)
    assert 700_000 < summary.stat().st_size <= 1024 * 1024


@pytest.mark.parametrize(
    ("variables", "here"), [({"GITHUB_ACTIONS": "true"}, True), ({}, False), ({"CI": "true"}, False)]
)
def test_github_is_known_by_its_variable(variables: dict[str, str], here: bool) -> None:
    """Annotations are for GitHub Actions alone."""
    assert is_here(variables) is here
