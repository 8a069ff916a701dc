"""junit.xml as other programs read it: with libxml2, which GitLab reads it with, and against a schema."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from runner.model import Format
from runner.record import Cause, Raised, Record, Status
from runner.report.junit import to_junit
from runner.results import Results
from runner.verdict import FailOn, exit_status
from tests.unit.synthetic import LEGACY, results, synthetic
from tests.unit.test_results import records

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
CELL = Record(
    id="dense.h5@a->b",
    scenario="dense",
    format=Format.H5,
    save="a",
    load="b",
    status=Status.FAIL,
    cause=Cause.CONFIG_KEYWORD,
    explanation="It does not know `groups`.\nSo it does not load.",
    exception=Raised(
        type="TypeError", message="unexpected <keyword> ]]> & 'groups'\n\tin \x1b[31mred\x1b[0m \x00 \ufffe"
    ),
    remedies=(LEGACY,),
    reproduce="python -m runner run --scenario dense",
    log="logs/dense.log",
    seconds=1.5,
)
HOSTILE = (
    "".join(map(chr, range(0x20)))
    + "<script>alert(1)</script> ]]> <![CDATA[ &amp; &#0; \x7f\x85\u2028\ud800\ufffe\uffff"
)


def read(found: Results) -> etree._Element:
    """Return what a reader of junit.xml reads; it follows the schema."""
    root = etree.fromstring(to_junit(found).encode())
    SCHEMA.assertValid(root)
    return root


def case(cell: Record) -> etree._Element:
    """Return the test case of the one cell."""
    (found,) = read(results((cell,), {})).iter("testcase")
    return found


def test_each_cell_is_a_test_case() -> None:
    """Every cell is one test case with its id as name, in the suite of its pair, and the suites add up."""
    found = synthetic(broken=["tf2.8"])
    root = read(found)
    assert sorted(str(each.get("name")) for each in root.iter("testcase")) == sorted(cell.id for cell in found.cells)
    assert len(root) == 64
    for count in ("tests", "failures", "errors"):
        assert int(root.get(count, "")) == sum(int(suite.get(count, "")) for suite in root)
    suite = next(suite for suite in root if suite.get("name") == "tf2.15 -> tf2.18")
    assert (
        int(suite.get("tests", ""))
        == len(suite)
        == sum((cell.save, cell.load) == ("tf2.15", "tf2.18") for cell in found.cells)
    )
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(count, "")) == len(list(suite.iter(tag)))


def test_a_failure_says_what_happened_and_what_to_do() -> None:
    """What is not as expected fails, by its cause, with explanation, exception, way out and the command for it."""
    (failure,) = case(CELL)
    assert (failure.tag, failure.get("type")) == ("failure", "config-keyword")
    assert failure.get("message") == "It does not know `groups`. So it does not load."
    said = str(failure.text)
    for part in ("So it does not load.", "TypeError: unexpected <keyword> ]]> & 'groups'", LEGACY.how, CELL.reproduce):
        assert part in said
    assert "in red \ufffd \ufffd" in said


@pytest.mark.parametrize(
    ("changes", "tag", "said"),
    [
        ({"expected": True}, "skipped", "known: fail: It does not know `groups`."),
        ({"expected": True, "accepted": "We export before."}, "skipped", "known: fail: We export before."),
        ({"expected": True, "explanation": ""}, "skipped", "known: fail: TypeError: unexpected"),
        (
            {"status": Status.UNSUPPORTED, "explanation": "It needs 2.10.", "expected": True},
            "skipped",
            "It needs 2.10.",
        ),
        ({"status": Status.ERROR, "explanation": "No disk."}, "error", "No disk."),
        ({"status": Status.ERROR, "explanation": "No disk.", "expected": True}, "error", "No disk."),
        ({"status": Status.PASS, "expected": False}, "failure", "It passes, which was not expected."),
        ({"explanation": "", "exception": None}, "failure", "It came out as fail."),
    ],
)
def test_what_a_case_is(changes: dict[str, object], tag: str, said: str) -> None:
    """Known failures and what is unsupported are skipped with the reason, what could not be judged is an error."""
    (element,) = case(replace(CELL, **changes))  # type: ignore[arg-type]
    assert element.tag == tag
    assert str(element.get("message")).startswith(said)


def test_a_pass_says_nothing_more() -> None:
    """A cell that passes is a test case with its time and nothing in it."""
    passed = case(replace(CELL, status=Status.PASS, expected=True))
    assert (len(passed), passed.get("time"), passed.get("classname")) == (0, "1.500", "dense.h5")


def test_any_character_is_held() -> None:
    """Markup, ends of CDATA and characters that XML 1.0 does not have are text, or stand-ins, in every place."""
    raised = Raised(type=HOSTILE, message=HOSTILE)
    hostile = replace(
        CELL, id=HOSTILE, scenario=HOSTILE, save=HOSTILE, explanation=HOSTILE, exception=raised, log=HOSTILE
    )
    (failure,) = case(hostile)
    for text in (failure.get("message"), failure.text, failure.getparent().get("name")):
        assert "<script>alert(1)</script> ]]> <![CDATA[ &amp; &#0;" in str(text)


@settings(deadline=None, max_examples=50)
@given(st.lists(records, min_size=1, max_size=4, unique_by=lambda record: record.id))
def test_it_is_red_where_the_run_is(cells: list[Record]) -> None:
    """Whatever the cells are, the file is well-formed, and has no failure and no error just if the run ends with 0."""
    root = etree.fromstring(to_junit(results(tuple(cells), {})).encode())
    green = root.get("failures") == root.get("errors") == "0"
    assert green == (exit_status(cells, FailOn.UNEXPECTED) == 0)
    assert len(list(root.iter("testcase"))) == len(cells)


def test_the_file_stays_small_enough_for_gitlab() -> None:
    """Twenty thousand cells that fail with a megabyte each of what takes most bytes stay below 30 MB."""
    raised = Raised(type="ValueError", message="&" * 1_000_000)
    failing = replace(CELL, exception=raised, explanation="&" * 1_000_000)
    cells = tuple(replace(failing, id=f"{number}") for number in range(20_000))
    assert len(to_junit(results(cells, {})).encode()) < 30_000_000


def test_a_run_without_cells_has_a_file() -> None:
    """Where nothing was run, there are no suites."""
    assert len(read(results((), {}))) == 0
