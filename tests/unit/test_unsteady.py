"""Cells that did not come out alike each time are seen in every report."""

import io
from dataclasses import replace

from lxml import etree
from rich.console import Console

from runner import flaky
from runner.record import Attempt, Cause, Phase, Record, Status
from runner.report.github import MOST, annotations
from runner.report.hints import hints
from runner.report.html import to_html
from runner.report.junit import to_junit
from runner.report.markdown import to_markdown
from runner.report.payload import payload
from runner.report.table import read_csv, to_csv
from runner.report.terminal import render
from runner.results import Results
from tests.unit.synthetic import results, synthetic
from tests.unit.test_report import HOSTILE

TRIES = (
    Attempt(job="load", status=Status.CRASH, phase=Phase.LOAD, cause=Cause.OP_MISSING, how="SIGSEGV", seconds=1.5),
    Attempt(job="load", status=Status.PASS, how="exit 0", fresh=True, seconds=4.0),
    Attempt(job="load", status=Status.PASS, how="exit 0", fresh=True, seconds=4.0, explanation=HOSTILE),
)
SAID = "the first try crashed of SIGSEGV in load (op-missing); the second try, in a fresh process, passed; the third"


def unsteady(count: int = 2) -> Results:
    """Return results in which so many of the cells that pass are flaky."""
    found = synthetic()
    passing = [cell.id for cell in found.cells if cell.status is Status.PASS][:count]
    cells = tuple(_marked(cell) if cell.id in passing else cell for cell in found.cells)
    return results(cells, found.environments)


def _marked(cell: Record) -> Record:
    return replace(cell, tries=TRIES, warnings=flaky.warned(TRIES), attempts=3)


def shown(found: Results) -> str:
    """Return what a terminal shows."""
    console = Console(file=io.StringIO(), width=200)
    console.print(render(found))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_report_counts_them() -> None:
    """The terminal, report.md, report.html and the answer say how many there are."""
    found = unsteady(2)
    said = "2 cells are flaky: they did not come out alike each time."
    assert said in shown(found)
    assert said in to_markdown(found)
    assert said in to_html(found)
    assert found.answer.flaky == 2
    assert "1 cell is flaky: it did not" in shown(unsteady(1))


def test_none_is_not_mentioned() -> None:
    """Where all came out alike, no report speaks of it."""
    found = unsteady(0)
    assert "flaky" not in shown(found) + to_markdown(found) + to_junit(found)
    assert not [hint for hint in hints(found.cells) if "flaky" in hint.text]


def test_report_md_names_them() -> None:
    """report.md names each with what came of its tries, those beyond the first folded."""
    text = to_markdown(unsteady(30))
    section = text.partition("## Flaky cells")[2].partition("\n## ")[0]
    assert section.count(SAID) == 30
    assert "10 more" in section


def test_the_table_has_the_warning() -> None:
    """results.csv says flaky among the warnings of the cell."""
    assert (read_csv(io.StringIO(to_csv(unsteady(2))))["warnings"] == "flaky").sum() == 2


def test_junit_xml_says_it_of_a_case_that_passes() -> None:
    """A test case that passes at the third try says so in its output."""
    said = etree.fromstring(to_junit(unsteady(2)).encode()).findall(".//testcase/system-out")
    assert len(said) == 2
    assert all(SAID in element.text for element in said)


def test_github_is_told() -> None:
    """Each of the first is a notice, and with more of them one says how many; GitHub shows no more than ten."""
    few = [line for line in annotations(unsteady(2).cells) if SAID.split(";", maxsplit=1)[0] in line]
    many = [line for line in annotations(unsteady(30).cells) if line.startswith("::notice")]
    assert len(few) == 2
    assert len(many) == MOST
    assert "30 cells are flaky" in many[-1]


def test_the_page_holds_each_try() -> None:
    """report.html carries what came of each try, and a hint to look for it."""
    found = unsteady(1)
    data = payload(found)
    place = next(place for place, cell in enumerate(found.cells) if cell.tries)
    row = dict(zip(data["columns"], data["cells"][place], strict=True))
    assert [data["facts"][number]["status"] for number in row["tries"]] == ["crash", "pass", "pass"]
    assert "flaky" in data["hints"][0]["text"]
