"""report.html as a file: what is in it, what it may do, and that what comes from outside is text in it."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.model import Format
from runner.record import Cause, EnvironmentRecord, Raised, Record, Status
from runner.report.failures import failures
from runner.report.grades import GRADES, INK, NOTHING, UNKNOWN, grade
from runner.report.hints import hints
from runner.report.html import to_html
from runner.report.payload import payload
from runner.report.words import counted, headline, told
from runner.results import Results
from runner.verdict import GOOD, completed, steps
from tests.unit.pages import SHOWN, as_many_as_shipped, hostile
from tests.unit.synthetic import results, synthetic

ENVIRONMENTS = ("old", "new")
SCRIPTS = [path.name for path in (files("runner.report") / "page").iterdir() if path.name.endswith(".js")]


class Tags(HTMLParser):
    """The tags of a page, with their attributes, and its text outside of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        """Note text that is shown."""
        if self._inside not in {"script", "style"}:
            self.text += data


def embedded(page: str) -> Any:
    """Return the data of a page, as a browser finds it."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def cells(outcomes: dict[tuple[str, str, str], Status], form: Format = Format.H5) -> tuple[Record, ...]:
    """Return cells by scenario, save and load."""
    return completed(
        Record(
            id=f"{scenario}.{form}@{save}->{load}", scenario=scenario, format=form, save=save, load=load, status=status
        )
        for (scenario, save, load), status in outcomes.items()
    )


def test_the_answer_is_in_the_words_of_the_other_reports() -> None:
    """Each step of the upgrade stands in the page in the sentence that report.md and the terminal say."""
    found = synthetic()
    shown = Tags(to_html(found)).text
    upgrades = steps(found.answer.upgrades, found.environments)
    assert headline(upgrades) in shown
    assert counted(found.answer.counts) in shown
    assert all(told(upgrade) in shown for upgrade in upgrades)
    assert "Way out: repair-config" in shown or "Way out: legacy-keras" in shown


def test_every_cell_and_every_failure_is_embedded_once() -> None:
    """The data hold each cell in a row, and each cell that goes wrong in one failure."""
    found = synthetic()
    data = embedded(to_html(found))
    assert len(data["cells"]) == len(found.cells)
    placed = [place for failure in data["failures"] for place in failure["cells"]]
    assert sorted(placed) == [place for place, cell in enumerate(found.cells) if cell.status not in GOOD]
    assert len(data["failures"]) <= len(failures(found))


def test_a_row_is_the_cell_again() -> None:
    """What a row and the tables say together is what the cell says."""
    found = synthetic()
    data = payload(found)
    place, cell = next((p, c) for p, c in enumerate(found.cells) if c.exception and c.remedies)
    row = dict(zip(data["columns"], data["cells"][place], strict=True))
    said = {name: data["words"][row[name]] for name in ("scenario", "format", "save", "load", "status", "cause")}
    assert said == {name: str(getattr(cell, name)) for name in said}
    traceback = "\n".join(data["lines"][line] for line in data["blocks"][row["traceback"]])
    assert cell.exception
    assert traceback == cell.exception.traceback
    assert [data["words"][data["facts"][tried]["id"]] for tried in row["remedies"]] == [t.id for t in cell.remedies]


def test_the_page_asks_nobody() -> None:
    """No tag has an address but those within the page, and the page's policy allows no other."""
    tags = Tags(to_html(synthetic())).tags
    addresses = [attributes.get(name) or "" for _, attributes in tags for name in ("src", "href") if name in attributes]
    assert addresses
    assert [address for address in addresses if not address.startswith(("#", "data:,"))] == []
    (policy,) = [a["content"] for _, a in tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_markup_of_data(name: str) -> None:
    """Scripts make elements and text, never markup out of text, and run no text."""
    text = (files("runner.report") / "page" / name).read_text("utf-8")
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc", text) == []
    )


def test_hostile_text_is_only_text() -> None:
    """Whatever comes from outside makes no tag, ends no script, and can still be read."""
    page, harmless = to_html(hostile()), to_html(synthetic())
    kinds = {tag for tag, _ in Tags(harmless).tags}
    assert {tag for tag, _ in Tags(page).tags} <= kinds
    assert len(re.findall("<script", page)) == len(re.findall("</script>", page)) == 2
    data = embedded(page)
    assert any(line and line.startswith(SHOWN) for line in data["lines"])
    assert all(text is None or text.isprintable() for text in [*data["lines"], *data["words"]])


def test_a_message_of_a_megabyte_is_cut() -> None:
    """A message that is far too long is shown from its beginning, and says how much is missing."""
    data = embedded(to_html(hostile()))
    assert max(len(line) for line in data["lines"] if line) < 21_000
    assert any(line and line.endswith(" more characters)") for line in data["lines"])


def test_a_page_stays_small_when_every_error_is_another() -> None:
    """As many cells as are shipped, each failing in a long way of its own, make a page that still opens."""
    found = as_many_as_shipped()
    raised = (Raised(type="E", message=f"{n}", traceback=f"{n} x" * 9_000) for n in range(len(found.cells)))
    bad = [replace(cell, status=Status.FAIL, exception=each) for cell, each in zip(found.cells, raised, strict=True)]
    assert len(to_html(results(completed(bad), found.environments))) < 16_000_000


def test_as_many_cells_as_are_shipped_make_a_page_of_few_megabytes() -> None:
    """What cells share is in the page once."""
    assert len(to_html(as_many_as_shipped())) < 6_000_000


@settings(deadline=None, max_examples=15)
@given(st.text(st.characters()))
def test_any_text_can_be_embedded(text: str) -> None:
    """No text makes the page fail, and the data can be read again."""
    found = synthetic(environments=["tf2.15", "tf2.18"], scenarios=["dense"])
    said = [replace(c, explanation=text, scenario=text, exception=Raised(type=text, message=text)) for c in found.cells]
    data = embedded(to_html(results(completed(said), found.environments)))
    assert len(data["cells"]) == len(said)


def test_a_run_without_cells_has_a_page() -> None:
    """Where nothing was run the page says so."""
    page = to_html(results((), {"old": EnvironmentRecord(tensorflow="2.15.1")}))
    assert "No model was saved in one environment and loaded in a newer one." in page
    assert embedded(page)["cells"] == []


def test_what_changed_is_there_only_where_a_baseline_was() -> None:
    """Without a baseline every failure is unexpected, which says nothing; with one, some are known."""
    found = synthetic()
    known = tuple(replace(cell, expected=True) if cell.cause is Cause.CONFIG_KEYWORD else cell for cell in found.cells)
    assert not payload(found)["compared"]
    assert payload(replace(found, cells=known))["compared"]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG 2 has it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb``."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("each", [*GRADES, UNKNOWN, NOTHING], ids=lambda each: str(each.name))
def test_text_can_be_read_on_every_colour(each: Any) -> None:
    """Every grade has enough contrast in both themes, and a letter that is its own."""
    assert contrast(each.light, INK["light"]) >= 4.5
    assert contrast(each.dark, INK["dark"]) >= 4.5
    assert [other.letter for other in (*GRADES, UNKNOWN, NOTHING)].count(each.letter) == 1


@pytest.mark.parametrize(
    ("counts", "letter"),
    [
        ({"pass": 4}, "A"),
        ({"pass": 3, "fail": 1}, "B"),
        ({"pass": 1, "drift": 1}, "C"),
        ({"pass": 1, "fail": 999}, "D"),
        ({"fail": 1}, "E"),
        ({"pass": 1, "unsupported": 9}, "A"),
        ({"error": 2}, "?"),
        ({"unsupported": 2}, "–"),
        ({}, "–"),
    ],
)
def test_a_grade_is_the_share_that_passes(counts: dict[str, int], letter: str) -> None:
    """Unsupported cells do not count, and what was not judged is no failure."""
    assert grade(counts).letter == letter


def test_a_column_that_fails_points_at_the_environment_that_loads() -> None:
    """Where nothing loads in one environment, that is said, and no cell is judged otherwise for it."""
    names, saves = ("a", "b", "c"), ("old", "new")
    made = cells(
        {(n, s, load): Status.FAIL if load == "new" else Status.PASS for n in names for s in saves for load in saves}
    )
    (hint,) = hints(made)
    assert "whole column fails: none of 6 cells loaded in new" in hint.text
    assert hint.loads == ("new",)


def test_a_row_that_fails_points_at_the_environment_that_saved() -> None:
    """Where nothing of what one environment saved loads anywhere, that is said."""
    names, loads = ("a", "b", "c"), ("old", "new")
    made = cells(
        {(n, s, load): Status.FAIL if s == "old" else Status.PASS for n in names for s in loads for load in loads}
    )
    (hint,) = hints(made)
    assert "whole row fails: none of 6 cells saved in old" in hint.text


def test_a_format_that_nothing_reads_is_named() -> None:
    """Where one format never loads in an environment that loads others, that format is named."""
    found = synthetic(environments=["tf2.12", "tf2.15", "tf2.21"])
    said = [hint.text for hint in hints(found.cells)]
    assert any(text.startswith("No savedmodel passes that is loaded in tf2.21 (") for text in said)


def test_a_model_that_passes_nowhere_points_at_its_scenario() -> None:
    """What fails where it was saved, too, is no matter of versions."""
    loads = ("x", "y", "z")
    made = cells({(n, "x", load): Status.FAIL if n == "a" else Status.PASS for n in ("a", "b") for load in loads})
    assert [hint.text for hint in hints(made)] == [
        "a.h5 passes nowhere, not even where saved. Look at the scenario, not at the versions."
    ]


@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL, Status.UNSUPPORTED])
def test_where_all_is_alike_there_is_no_hint(status: Status) -> None:
    """If everything comes out the same, no row and no column stands out."""
    made: Results = results(cells({(n, s, "x"): status for n in ("a", "b", "c") for s in ("x", "y")}), {})
    assert hints(made.cells) == ()
