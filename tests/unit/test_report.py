"""
What people read of the results, and the files in ``golden/`` that say how it looks.

``python -m tests.unit.test_report`` writes those files again; read the difference before it is committed.
"""

import html
import io
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from runner.errors import OutputError
from runner.model import Format
from runner.record import Cause, Comparison, EnvironmentRecord, Phase, Raised, Record, Status, Warned
from runner.report import write_reports
from runner.report.failures import Kind, failures
from runner.report.grids import ages, outcomes, summary, tallies
from runner.report.markdown import to_markdown
from runner.report.picture import to_svg
from runner.report.table import to_csv
from runner.report.terminal import render
from runner.results import Results, read_results, to_frame
from runner.verdict import GOOD, completed
from tests.unit.synthetic import results, synthetic

REPORT_FILES = ("results.csv", "report.md", "report.html", "report.svg", "junit.xml", "report.png")
GOLDEN = Path(__file__).parent / "golden"
OLD = EnvironmentRecord(tensorflow="2.15.1", keras="2.15.0")
NEW = EnvironmentRecord(tensorflow="2.16.2", keras="3.3.3")
HOSTILE = (
    "a | b\n## c <script>alert(1)</script> <!-- & &lt; \\ \\| \x1b[31mred\x1b[0m \x00 \u202e $x$ [l](u) **b** __init__ "
)


def small() -> Results:
    """Return results with a bit of everything, small enough to be read."""
    return synthetic(
        environments=["tf2.8", "tf2.10", "tf2.15", "tf2.16-keras3.3", "tf2.21"],
        scenarios=["dense", "gru", "lambda", "custom_activation", "savedmodel_without_variables", "tflite"],
        broken=["tf2.10"],
    )


def printed(found: Results, *, width: int) -> str:
    """Return what a terminal of this width shows."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(render(found, Path("reports/latest")))
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


REPORTS: dict[str, Callable[[Results], str]] = {
    "report.md": to_markdown,
    "results.csv": to_csv,
    "report.svg": to_svg,
    "terminal-120.txt": lambda found: printed(found, width=120),
    "terminal-60.txt": lambda found: printed(found, width=60),
}


def rewrite() -> None:
    """Write the golden reports as the program writes them now."""
    GOLDEN.mkdir(exist_ok=True)
    for name, report in REPORTS.items():
        (GOLDEN / name).write_text(report(small()), encoding="utf-8")


def failing(message: str = "no", **changes: Any) -> Results:
    """Return results with one model that passes where it was saved and fails in a newer environment."""
    home = Record(id="m.h5@old->old", scenario="m", format=Format.H5, save="old", load="old", status=Status.PASS)
    raised = Raised(type="ValueError", message=message)
    bad = replace(home, id="m.h5@old->new", load="new", status=Status.FAIL, phase=Phase.LOAD, exception=raised)
    return results(completed([home, replace(bad, **changes)]), {"old": OLD, "new": NEW})


@pytest.mark.parametrize("name", REPORTS)
def test_reports_are_as_they_were_accepted(name: str) -> None:
    """The reports of the same results are the golden files, to the letter."""
    assert REPORTS[name](small()) == (GOLDEN / name).read_text("utf-8")


def test_images_are_named_with_their_digest() -> None:
    """The report says which image an environment was made in, where there was one."""
    image = "python:3.11-slim@sha256:0b5e"
    found = replace(failing(), environments={"old": OLD, "new": replace(NEW, image=image)})
    assert f"- new was made in the image `{image}`" in to_markdown(found)
    assert "image" not in to_markdown(failing()).partition("## Environments")[2]


def test_a_run_writes_its_reports(tmp_path: Path) -> None:
    """The folder holds the reports and the results that they can be written from again."""
    written = write_reports(small(), tmp_path / "latest")
    assert {path.name for path in written} == {"results.json", *REPORT_FILES}
    again = write_reports(read_results(tmp_path / "latest"), tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    """Where reports cannot be written, one is told so."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_reports(small(), tmp_path / "file")


def test_what_is_known_is_told_from_what_is_new() -> None:
    """Where a baseline knows something, the answer says in a sentence how much is known, new, and better."""
    found = failing(expected=True, accepted="r").cells[1], *failing().cells
    known, home, new = (replace(each, id=str(place)) for place, each in enumerate(found))
    cells = (replace(known, expected=True), home, replace(new, expected=False))
    said = "Against the baseline: 1 known, 1 new."
    assert said in printed(results(cells, {}), width=80)
    assert f"{said}\n\n- new: `2`: fail, ?" in to_markdown(results(cells, {}))
    better = (replace(known, expected=True), replace(home, expected=False))
    assert "1 known, 0 new, 1 better: they pass now." in printed(results(better, {}), width=80)
    assert "Against" not in printed(failing(), width=80)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 400])
def test_a_terminal_of_any_width_shows_all_of_the_grid(width: int) -> None:
    """No line is longer than the terminal, and no tally is cut: what does not fit stands below."""
    found = synthetic()
    shown = printed(found, width=width)
    assert max(map(len, shown.splitlines())) <= width
    grid = summary(to_frame(found.cells), ages(found))
    assert sorted(re.findall(r"\d+/\d+[≠?]*", shown)) == sorted(grid.to_numpy().flatten())


def test_eight_environments_fit_a_terminal_of_eighty_columns() -> None:
    """The grid of the shipped matrix is one table at the width that most terminals have."""
    assert printed(synthetic(), width=80).count("save ↓ load →") == 1


def test_the_full_matrix_makes_a_report_that_can_be_read() -> None:
    """Eight environments and some forty-five models give a report that GitHub shows and a person reads."""
    text = to_markdown(synthetic())
    assert len(text.encode()) < 100_000
    assert text.index("## The answer") < text.index("## All scenarios") < text.index("## What breaks in an upgrade")


def test_a_report_stays_small_when_every_error_is_another() -> None:
    """Even if three thousand cells fail in three thousand long ways, the report stays below a megabyte."""
    cells = (
        replace(
            cell,
            status=Status.FAIL,
            explanation=f"{place} " + "y" * 1_000,
            exception=Raised(type="ValueError", message=f"{place} " + "x" * 1_000),
        )
        for place, cell in enumerate(synthetic().cells)
    )
    found = results(completed(cells), synthetic().environments)
    assert len(to_markdown(found).encode()) < 1_000_000


def test_text_of_an_exception_is_only_text() -> None:
    """Whatever an exception says, in Markdown it says that: it makes no tag, row or heading, and controls nothing."""
    found = failing(HOSTILE, explanation=f"`{HOSTILE}` {HOSTILE}", warnings=(Warned(kind="k | `", text=HOSTILE),))
    text = to_markdown(found)
    assert all(char.isprintable() or char == "\n" for char in text)
    page = MarkdownIt("commonmark").enable("table").render(text)
    made = "h1 h2 h3 p ul li strong code details summary table thead tbody tr th td"
    assert set(re.findall(r"<[/!?]?(\w*)", page)) <= {*made.split()}
    shown = html.unescape(re.sub("<[^>]*>", "", page))
    assert "k | `" in shown
    assert (
        "a | b ## c <script>alert(1)</script> <!-- & &lt; \\ \\| red \ufffd \ufffd $x$ [l](u) **b** __init__" in shown
    )
    assert [heading for heading in re.findall("<h.>(.*)</h.>", page) if heading.split()[0] == "c"] == []


@settings(deadline=None, max_examples=15)
@given(st.text(st.characters()))
def test_any_text_can_be_reported(text: str) -> None:
    """No name and no message makes a report fail, and rows of a table keep their cells."""
    cells = [replace(cell, explanation=text, scenario=text) for cell in failing(text).cells]
    found = results(tuple(cells), {"old": OLD, "new": NEW})
    tables = re.findall(r"(?:^\|.*\n)+", to_markdown(found), re.MULTILINE)
    assert all(len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1 for table in tables)
    pandas.read_csv(io.StringIO(to_csv(found)))
    printed(found, width=80)


def test_errors_that_are_alike_are_told_once() -> None:
    """The same error in many cells, but for addresses and folders, is one entry that names the pairs and the models."""
    found = [
        replace(
            failing(f"no <object at {hex(id(place) + 10**6)}> in /tmp/{place}/cells/model.h5").cells[1],
            id=f"{place}",
            scenario=scenario,
            load=load,
        )
        for place, (scenario, load) in enumerate(product(["a", "b"], ["new", "newest"]))
    ]
    (failure,) = failures(results(completed(found), {"old": OLD, "new": NEW, "newest": NEW}))
    assert failure.error == "ValueError: no <object at 0x…> in …/model.h5"
    assert failure.models == ("a.h5", "b.h5")
    assert failure.pairs == (("old", "new"), ("old", "newest"))
    assert failure.cells == 4


def test_a_blocked_load_is_told_with_the_save_that_failed() -> None:
    """One that reads of a failed save reads there how many loads it blocks."""
    text = to_markdown(synthetic(environments=["tf2.15", "tf2.18"], scenarios=["savedmodel_without_variables"]))
    assert "At save: ``ValueError: Invalid filepath" in text.replace("`` ", "``")
    assert "1 fails, 1 blocked, such as `savedmodel_without_variables.savedmodel@tf2.18->tf2.18`" in text


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, Kind.UPGRADE),
        ({"save": "new", "load": "old"}, Kind.ROLLBACK),
        ({"with_itself": Status.FAIL}, Kind.UNRELATED),
        ({"status": Status.ERROR}, Kind.UNKNOWN),
    ],
)
def test_failures_are_told_by_what_they_mean_for_an_upgrade(changes: dict[str, Any], kind: Kind) -> None:
    """What an upgrade breaks stands apart from what a rollback breaks, what never worked and what is not known."""
    cells = [replace(cell, **changes) for cell in failing().cells if cell.status is Status.FAIL]
    assert [failure.kind for failure in failures(results(tuple(cells), {"old": OLD, "new": NEW}))] == [kind]


def test_only_addresses_are_linked() -> None:
    """The sources of an explanation are links, if they are addresses."""
    text = to_markdown(failing(sources=("https://keras.io/guides/", "https://x> <script>", "javascript:alert(1)")))
    assert "<https://keras.io/guides/>" in text
    assert "script" not in text


def test_drift_is_told_in_numbers() -> None:
    """A cell that loads and gives something else is told by how far off it is and where it begins."""
    comparison = Comparison(max_abs=0.25, decisions_changed=3, decisions=16, first_layer="gru")
    (failure,) = failures(failing(status=Status.DRIFT, exception=None, comparison=comparison))
    assert failure.explanation == "Outputs off by up to 0.25, up to 3 of 16 decisions changed, from layer gru on."


def test_an_environment_that_could_not_be_made_is_named_with_its_reason() -> None:
    """The environments stand in the report with the versions that were imported, or with why there are none."""
    text = to_markdown(small())
    assert re.search(r"\| tf2\.15 +\| 3\.11\.7 +\| 2\.15\.1 ", text)
    assert "- tf2.10: environment-import: `TypeError: Descriptors cannot be created directly.`" in text


@settings(deadline=None, max_examples=15)
@given(st.data())
def test_every_cell_is_in_every_report_once(data: st.DataObject) -> None:
    """Each cell is in one place of a grid, in one tally, in one row, and in one failure if it does not pass."""
    name = st.sampled_from(["old", "new", "unknown"])
    drawn = data.draw(
        st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(Format), name, name), max_size=20, unique=True)
    )
    cells = completed(
        Record(
            id=f"{scenario}.{form}@{save}->{load}",
            scenario=scenario,
            format=form,
            save=save,
            load=load,
            status=data.draw(st.sampled_from(Status)),
            cause=data.draw(st.none() | st.sampled_from(Cause)),
        )
        for scenario, form, save, load in drawn
    )
    found = results(cells, {"old": OLD, "new": NEW})
    frame, order = to_frame(cells), ages(found)
    assert tallies(frame).to_numpy().sum() == len(cells)
    grids = [outcomes(group, order) for _, group in frame.groupby(["scenario", "format"], observed=True)]
    assert sum((grid != "").to_numpy().sum() for grid in grids) == len(cells)
    assert sum(failure.cells for failure in failures(found)) == sum(cell.status not in GOOD for cell in cells)
    assert len(pandas.read_csv(io.StringIO(to_csv(found)))) == len(cells)


def test_a_run_without_cells_has_reports() -> None:
    """Where nothing was run the reports say so, rather than fail."""
    found = results((), {"old": OLD})
    assert "No model was saved in one environment and loaded in a newer one." in to_markdown(found)
    assert "Of 0 cells" in printed(found, width=80)
    assert to_csv(found).startswith("id,scenario,format")


if __name__ == "__main__":
    rewrite()
