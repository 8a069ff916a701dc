"""
report.html in a real browser, as people use it.

The four questions are asked of the report of a real run; everything else of made-up results of the same size as the
shipped matrix. Whatever a test does, the page may say nothing on its console and ask for nothing but itself.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from runner.record import Cause, Status
from runner.report import write_reports
from runner.report.words import mark, told
from runner.results import Results
from runner.verdict import GOOD, steps
from tests.integration import browser as chromium
from tests.integration.conftest import Ran, run
from tests.unit.pages import SHOWN, as_many_as_shipped, hostile
from tests.unit.synthetic import synthetic
from tests.unit.test_unsteady import unsteady

pytestmark = pytest.mark.browser

OLD, NEW = "tf2.15", "tf2.16-keras3.3"
LSTM = f"lstm.h5@{OLD}->{NEW}"
DRIFTING = "gru.h5@tf2.15->tf2.18"
HANG_SECONDS = 20
VIEWS = ("pair", "cause", "scenario", "environments")
PAIR = {"view": "pair", "from": OLD, "to": NEW}
Opener = Callable[..., Page]


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run three of the shipped scenarios in the two environments that the questions are about."""
    chosen = ["--env", OLD, "--env", NEW]
    scenarios = [word for name in ("lstm", "dense", "hard_sigmoid") for word in ("--scenario", name)]
    return run(tmp_path_factory.mktemp("asked"), *chosen, *scenarios, "--fresh")


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of made-up results, as many as the shipped matrix has."""
    return written(as_many_as_shipped(), tmp_path_factory.mktemp("large"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of made-up results of the shipped environments."""
    return written(synthetic(), tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def hurting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of results that mean harm."""
    return written(hostile(), tmp_path_factory.mktemp("hurting"))


@pytest.fixture(scope="module")  # while it runs, no other test may start a loop of asyncio
def browser() -> Iterator[Browser]:
    """Give the browser."""
    with chromium.running() as started:
        yield started


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opener]:
    """Give what opens a page; in the end nothing was complained of, asked for or opened beside it."""
    heard = chromium.Heard()
    contexts = []

    def open_page(path: Path, state: dict[str, str] | None = None, **settings: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(HANG_SECONDS * 1000)
        heard.listen(page)
        page.goto(f"{path.as_uri()}#{urlencode(state or {})}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert heard.complaints == []
    assert heard.boxes == []
    assert [address for address in heard.requests if not address.startswith("file:")] == []


def written(results: Results, folder: Path) -> Path:
    """Return the page of results."""
    write_reports(results, folder)
    return folder / "report.html"


def choose(page: Page, facet: str, value: str) -> None:
    """Tick a value of a filter, and close the filter again."""
    filter_ = page.locator(f'.facet[data-facet="{facet}"]')
    filter_.locator("summary").click()
    filter_.get_by_label(value, exact=True).check()
    page.keyboard.press("Escape")


def left(page: Page, cells: int) -> None:
    """Check how many cells the page says are left."""
    expect(page.locator("#count")).to_have_text(re.compile(rf"^{cells:,} of "))


def colour(page: Page, selector: str, name: str) -> tuple[float, ...]:
    """Return a colour as it is computed: red, green and blue."""
    found = page.locator(selector).first.evaluate("(node, name) => getComputedStyle(node)[name]", name)
    return tuple(float(part) for part in re.findall(r"[\d.]+", found)[:3])


def test_may_we_upgrade(opened: Opener, asked: Ran) -> None:
    """Before anything is clicked the page says in a sentence what the step does, and marks it."""
    page = opened(asked.output / "report.html")
    (upgrade,) = steps(asked.results.answer.upgrades, asked.results.environments)
    step = page.locator("#answer li").filter(has_text=f"{OLD} -> {NEW}")
    expect(step.locator(".sentence")).to_have_text(told(upgrade))
    expect(step.locator(".mark")).to_have_text(mark(upgrade))
    expect(step.locator(".mark")).to_be_in_viewport()


def test_what_breaks_for_lstm_in_h5(opened: Opener, asked: Ran) -> None:
    """From the heat map one comes to the scenarios of the pair, and from there to why the cell fails."""
    page = opened(asked.output / "report.html")
    page.get_by_role("link", name=f"{OLD} to {NEW}").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="lstm", exact=True))
    place = page.locator(".models thead th").all_text_contents().index("h5") - 1
    row.get_by_role("cell").nth(place).get_by_role("link").click()
    cell = asked.cells[LSTM]
    assert cell.status is Status.FAIL
    dialog = page.get_by_role("dialog", name=LSTM)
    expect(dialog).to_contain_text(str(cell.cause))
    expect(dialog).to_contain_text(cell.explanation)


def test_what_is_the_way_out(opened: Opener, asked: Ran) -> None:
    """The cell says which way out was tried and worked, what it loses, and gives its code to the clipboard."""
    page = opened(
        asked.output / "report.html", {**PAIR, "cell": LSTM}, permissions=["clipboard-read", "clipboard-write"]
    )
    (way,) = [tried for tried in asked.cells[LSTM].remedies if tried.status is Status.PASS]
    part = page.get_by_role("dialog").locator(".tried.status-pass")
    expect(part).to_contain_text(way.id)
    expect(part).to_contain_text(f"Loses: {', '.join(way.loses)}")
    part.get_by_role("button", name="Copy code").click()
    expect(page.locator("#said")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == way.how


def test_which_versions_wrote_it(opened: Opener, asked: Ran) -> None:
    """The cell says with which versions it was written, and each version that is another where it was loaded."""
    page = opened(asked.output / "report.html", {**PAIR, "cell": LSTM})
    saved, loaded = (asked.results.environments[name] for name in (OLD, NEW))
    expect(page.locator(".wrote")).to_contain_text(
        f"Written by TensorFlow {saved.tensorflow}, Keras {saved.keras}, Python {saved.python}."
    )
    page.get_by_text(re.compile(r"\d+ versions that differ")).click()
    rows = page.get_by_role("region", name="Versions that differ").locator("tbody tr")
    shown = dict(zip(rows.locator("th").all_text_contents(), rows.all_text_contents(), strict=True))
    other = {name for name, version in saved.packages.items() if loaded.packages.get(name) != version}
    assert other <= set(shown)
    assert shown["Keras"] == f"Keras{saved.keras}{loaded.keras}"


def test_the_same_is_found_by_filters(opened: Opener, asked: Ran) -> None:
    """Scenario and format can be chosen, and then one grid is left."""
    page = opened(asked.output / "report.html", {"view": "scenario"})
    choose(page, "scenario", "lstm")
    choose(page, "format", "h5")
    left(page, 4)
    expect(page.locator("#view summary")).to_have_count(1)
    expect(page.locator(f'[data-cell="{LSTM}"]')).to_be_visible()


def test_the_issue_text_holds_what_a_maintainer_asks_for(opened: Opener, asked: Ran) -> None:
    """It has the versions, the traceback and the command, each in a fence."""
    page = opened(asked.output / "report.html", {**PAIR, "cell": LSTM})
    page.get_by_text("Text, ready to paste").click()
    text = page.get_by_label("issue text", exact=True).text_content() or ""
    cell = asked.cells[LSTM]
    assert cell.exception
    assert cell.exception.first_line in text
    assert cell.reproduce in text
    assert f"Keras {asked.results.environments[OLD].keras}" in text
    assert len(re.findall("^```", text, re.MULTILINE)) % 2 == 0


@pytest.mark.parametrize(
    ("facet", "value"),
    [
        ("save", OLD),
        ("load", NEW),
        ("scenario", "lstm"),
        ("format", "keras"),
        ("status", "drift"),
        ("cause", "config-keyword"),
    ],
)
def test_a_filter_leaves_the_cells_that_it_names(opened: Opener, small: Path, facet: str, value: str) -> None:
    """The count says how many cells are left, the address says which filter it is, and it can be cleared."""
    page = opened(small)
    choose(page, facet, value)
    cells = synthetic().cells
    left(page, sum(str(getattr(cell, facet)) == value for cell in cells))
    expect(page).to_have_url(re.compile(re.escape(f"{facet}={value}")))
    page.get_by_role("link", name="Clear the filters").click()
    left(page, len(cells))


def test_values_of_a_filter_add_up_and_filters_narrow(opened: Opener, small: Path) -> None:
    """Two values of one filter leave the cells of either; two filters those of both."""
    page = opened(small)
    choose(page, "format", "h5")
    choose(page, "format", "keras")
    choose(page, "status", "fail")
    cells = [cell for cell in synthetic().cells if cell.format in {"h5", "keras"} and cell.status is Status.FAIL]
    left(page, len(cells))
    here = [cell for cell in cells if (cell.save, cell.load) == (OLD, NEW)]
    expect(page.get_by_role("link", name=f"{OLD} to {NEW}")).to_contain_text(f"{len(here)}:")


def test_text_is_searched_in_names_causes_and_errors(opened: Opener, small: Path) -> None:
    """What is typed is looked for in all that a cell says, and stays in the field and in the address."""
    page = opened(small)
    page.get_by_role("searchbox").fill("depthwise GROUPS")
    cells = [cell for cell in synthetic().cells if cell.scenario == "depthwise" and "groups" in cell.explanation]
    left(page, len(cells))
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("depthwise GROUPS")


def test_each_try_of_a_flaky_cell_is_shown(opened: Opener, tmp_path: Path) -> None:
    """A search finds the cells that did not come out alike, and such a cell shows what came of each of its tries."""
    found = unsteady(3)
    page = opened(written(found, tmp_path), {"text": "flaky"})
    left(page, 3)
    cell = next(cell for cell in found.cells if cell.tries)
    page = opened(tmp_path / "report.html", {"cell": cell.id})
    tries = page.get_by_role("dialog", name=cell.id).locator(".tries li")
    expect(tries).to_have_count(3)
    expect(tries.nth(0)).to_contain_text("crash in load (load, in a fork, SIGSEGV, 1.5 s) op-missing")
    expect(tries.nth(1)).to_contain_text("in a fresh process")


def test_what_is_shown_is_shown_again_after_a_reload(opened: Opener, small: Path) -> None:
    """Filters, view and the open cell are in the address: whoever opens it sees the same."""
    page = opened(small, {"view": "cause"})
    choose(page, "format", "h5")
    choose(page, "cause", "config-keyword")
    page.locator("#view .cells a").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    title, said = (page.locator(place).text_content() or "" for place in ("#cell-title", "#count"))
    page.reload()
    expect(page.locator("#cell-title")).to_have_text(title)
    expect(page.get_by_role("link", name="By cause")).to_have_attribute("aria-current", "page")
    expect(page.locator("#count")).to_have_text(said)


def test_the_way_back_is_the_browsers_own(opened: Opener, small: Path) -> None:
    """Back closes a cell, and goes back to the pair that was looked at before."""
    page = opened(small, PAIR)
    page.locator("#view .outcome").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#view h2")).to_contain_text(f"{OLD} → {NEW}")


def test_everything_is_reached_by_keyboard(opened: Opener, small: Path) -> None:
    """The skip link leads to the heat map, Enter opens a pair and a cell, Escape closes it where it was opened."""
    page = opened(small)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "heat-map"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#view h2")).to_contain_text("tf2.8 → tf2.8")
    cell = page.locator("#view .outcome").first
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(cell).to_be_focused()


def test_marks_are_told_in_words(opened: Opener, small: Path) -> None:
    """Who hears the page hears how a cell came out, its cause and its way out, and not the names of marks."""
    page = opened(small, {"view": "pair", "from": OLD, "to": "tf2.18"})
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="depthwise", exact=True))
    expect(row.get_by_role("link").first).to_have_accessible_name("fail at load config-keyword way out: legacy-keras")


def test_by_cause_every_cell_that_goes_wrong_is_once(opened: Opener, small: Path) -> None:
    """The causes add up to the cells that do not pass, and the largest comes first."""
    page = opened(small, {"view": "cause"})
    sizes = [int(part.get_attribute("data-cells") or 0) for part in page.locator("section.cause").all()]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == sum(cell.status not in GOOD for cell in synthetic().cells)


def test_environments_stand_side_by_side(opened: Opener, small: Path) -> None:
    """Each pin that is another than in the environment to its left is marked by a sign, not by colour alone."""
    page = opened(small, {"view": "environments"})
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="numpy", exact=True))
    values = row.get_by_role("cell").all_text_contents()
    assert values[:2] == ["1.22.4", "≠ 1.23.5"]
    assert values[2] == "1.23.5"


def test_what_changed_shows_what_was_not_expected(opened: Opener, tmp_path: Path) -> None:
    """With a baseline there is a view of what is worse and what is better than it; without one there is none."""
    found = synthetic()
    worse = {cell.id for cell in found.cells if cell.cause is Cause.CLASS_MOVED or cell.status is Status.DRIFT}
    known = tuple(replace(cell, expected=cell.id not in worse, accepted="It is known.") for cell in found.cells)
    page = opened(written(replace(found, cells=known), tmp_path))
    page.locator("#views").get_by_role("link", name="What changed").click()
    bad = sum(cell.status not in GOOD for cell in found.cells)
    expect(page.locator("#answer")).to_contain_text(f"{bad - len(worse):,} known, {len(worse)} new")
    expect(page.locator("#view")).to_contain_text(f"{bad - len(worse):,} cells known, {len(worse)} new, 0 better")
    expect(page.locator("#view")).to_contain_text(f"{bad - len(worse):,} cells: It is known.")


def test_without_a_baseline_nothing_changed(opened: Opener, small: Path) -> None:
    """Where there is nothing to compare with there is no such view."""
    expect(opened(small).get_by_role("link", name="What changed")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_follow_the_system(opened: Opener, small: Path, theme: Any) -> None:
    """The paper is light or dark as the system is, and text on it and on the heat map is the other."""
    page = opened(small, PAIR, color_scheme=theme)
    for selector, behind in (("body", "body"), (".grade-d", ".grade-d")):
        paper, ink = sum(colour(page, behind, "backgroundColor")), sum(colour(page, selector, "color"))
        assert (paper > ink) is (theme == "light")


def test_the_switch_outranks_the_system(opened: Opener, small: Path) -> None:
    """A theme that was chosen is kept, and can be given up again."""
    page = opened(small, color_scheme="light")
    light = colour(page, "body", "backgroundColor")
    page.get_by_label("Theme").select_option("dark")
    assert sum(colour(page, "body", "backgroundColor")) < sum(light)
    page.reload()
    assert sum(colour(page, "body", "backgroundColor")) < sum(light)
    page.get_by_label("Theme").select_option("as the system")
    assert colour(page, "body", "backgroundColor") == light


def test_paper_has_no_controls_and_is_light(opened: Opener, small: Path) -> None:
    """What is printed is the answer, the heat map and the view; filters are left out, whatever the theme is."""
    page = opened(small, PAIR, color_scheme="dark")
    page.emulate_media(media="print")
    for selector in ("#filters", "#views", ".theme"):
        expect(page.locator(selector)).to_be_hidden()
    expect(page.locator("#answer")).to_be_visible()
    expect(page.locator(".map")).to_be_visible()
    assert min(colour(page, "body", "backgroundColor")) == 255
    assert page.pdf().startswith(b"%PDF")


def test_an_open_cell_is_printed_alone_and_whole(opened: Opener, small: Path) -> None:
    """A cell on paper has its traceback unfolded, and nothing of the page behind it."""
    page = opened(small, {"cell": "depthwise.h5@tf2.15->tf2.18"})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("main")).to_be_hidden()
    expect(page.get_by_label("traceback", exact=True)).to_be_visible()
    expect(page.get_by_label("issue text", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_no_width_makes_the_page_scroll_sideways(opened: Opener, small: Path, width: int) -> None:
    """On a phone only tables scroll, filters open within the page, and a cell takes the whole width."""
    page = opened(small, PAIR, viewport={"width": width, "height": 800})
    for facet in page.locator(".facet").all():
        facet.locator("summary").click()
        box = facet.locator("fieldset").bounding_box()
        assert box
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#view .outcome").first.click()
    assert page.locator("dialog").evaluate("(node) => node.scrollWidth <= node.clientWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "state", [*({"view": view} for view in VIEWS), PAIR, {"cell": "gru.h5@tf2.15->tf2.18"}], ids=str
)
def test_nothing_serious_stands_in_the_way_of_anyone(
    opened: Opener, small: Path, state: dict[str, str], theme: Any
) -> None:
    """The accessibility check finds nothing serious or critical, in any view and theme."""
    page = opened(small, state, color_scheme=theme)
    found = Axe().run(page).response["violations"]
    grave = [rule for rule in found if rule["impact"] in {"serious", "critical"}]
    assert [(rule["id"], [node["html"] for node in rule["nodes"][:3]]) for rule in grave] == []


@pytest.mark.parametrize(
    "state",
    [
        *({"view": view} for view in VIEWS),
        {"view": "pair", "from": "old", "to": "new"},
        {"view": "pair", "from": "old", "to": "newest"},
    ],
    ids=str,
)
def test_hostile_text_is_shown_and_does_nothing(opened: Opener, hurting: Path, state: dict[str, str]) -> None:
    """In every view what comes from outside is text: it can be read, and makes no element."""
    page = opened(hurting, state)
    for part in page.locator("#view summary").all():
        part.click()
    assert SHOWN in (page.locator("#view").text_content() or "")
    assert page.locator("img, iframe, object, embed").count() == 0
    assert page.locator("script").count() == 2


@pytest.mark.parametrize("load", ["new", "newest"])
def test_a_hostile_cell_is_shown_and_does_nothing(opened: Opener, hurting: Path, load: str) -> None:
    """All parts of a cell, unfolded, are text; only addresses of the web are links."""
    page = opened(hurting, {"view": "pair", "from": "old", "to": load})
    page.locator("#view .outcome").first.click()
    for part in page.locator("dialog summary").all():
        part.click()
    assert (page.locator("dialog").text_content() or "").count(SHOWN) >= 2
    assert page.locator("dialog img, dialog script").count() == 0
    links = page.locator("a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    assert [address for address in links if not address.startswith(("#", "https://"))] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_follows_the_system(opened: Opener, small: Path, theme: Any) -> None:
    """report.svg is light on light and dark on dark."""
    page = opened(small.with_name("report.svg"), color_scheme=theme)
    paper = page.locator(".paper").evaluate("(node) => getComputedStyle(node).fill")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) > 384) is (theme == "light")


def test_as_many_cells_as_are_shipped_open_and_filter(opened: Opener, large: Path) -> None:
    """The page opens and filters; how fast is said, and only a hang fails."""
    page = opened(large)
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(f"\nreport.html of 4,608 cells, {large.stat().st_size / 1e6:.1f} MB, opens in {loaded:.0f} ms")  # noqa: T201 - it is what it measures
    for change in (
        "format=h5",
        "view=cause",
        "view=cause&status=fail",
        "view=scenario&format=keras",
        "view=pair&text=gru",
    ):
        taken = page.evaluate(_TIMED, change)
        print(f"{change}: drawn in {taken['drawn']:.0f} ms, on the screen after {taken['painted']:.0f} ms")  # noqa: T201
        assert taken["painted"] < HANG_SECONDS * 1000
    assert loaded < HANG_SECONDS * 1000


_TIMED = """(change) => new Promise((resolve) => {
  const begun = performance.now();
  addEventListener("hashchange", () => {
    const drawn = performance.now() - begun;
    requestAnimationFrame(() => setTimeout(() => resolve({ drawn, painted: performance.now() - begun })));
  }, { once: true });
  location.hash = change;
})"""
