"""Reports are never larger than they may be."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from runner.model import Format
from runner.record import Cause, Phase, Raised, Record, Status, Tried
from runner.report.fitting import LIMIT, Fold, Part, fitted
from runner.report.markdown import to_markdown
from runner.results import Results
from runner.verdict import completed
from tests.unit.synthetic import VERSIONS, results, synthetic

MOST = 1024 * 1024
"""What GitHub takes as the summary of a step, in bytes."""

parts: st.SearchStrategy[Part] = st.text(
    st.characters(exclude_characters="<*\n", exclude_categories=["Cs"]), max_size=300
) | st.builds(Fold, title=st.just("title"), parts=st.lists(st.just("é" * 100), max_size=4).map(tuple))
sections = st.lists(st.lists(parts, max_size=5), max_size=6)


def unlike(models: int, *, seed: int = 1) -> Results:
    """Return results in which every cell comes out in a way of its own, at length."""
    chance = random.Random(seed)
    base = synthetic(scenarios=["dense"])
    cells = [
        Record(
            id=f"model_{model}.h5@{save}->{load}",
            scenario=f"model_{model}",
            format=Format.H5,
            save=save,
            load=load,
            status=chance.choice([Status.FAIL, Status.DRIFT, Status.PASS, Status.CRASH]),
            phase=chance.choice(list(Phase)),
            cause=chance.choice(list(Cause)),
            explanation=f"{chance.random()} " + "é" * 500,
            exception=Raised(type="ValueError", message=f"{chance.random()} " + "é" * 500),
            remedies=(Tried(id=f"way-{chance.random()}", status=Status.PASS, how="é" * 50_000),),
        )
        for model in range(models)
        for save in VERSIONS
        for load in VERSIONS
    ]
    return results(completed(cells), base.environments)


def test_twenty_thousand_cells_fit_the_summary_of_a_step() -> None:
    """Of a matrix that is far too large the answer and the grid are there, and the rest as far as it fits."""
    found = unlike(313)
    assert len(found.cells) > 20_000
    text = to_markdown(found)
    assert LIMIT / 2 < len(text.encode()) <= LIMIT < MOST
    for heading in (
        "The answer",
        "All scenarios",
        "Causes",
        "What breaks in an upgrade",
        "Environments",
        "How to read it",
    ):
        assert f"## {heading}" in text
    assert "of this section would make the report too large: see results.csv.*" in text
    assert text.count("<details>") == text.count("</details>") > 0


def test_what_fits_is_all_there() -> None:
    """A report that is small enough leaves nothing out."""
    assert "too large" not in to_markdown(synthetic())


def test_a_small_limit_keeps_the_answer() -> None:
    """Where there is room for little, it is the answer."""
    text = to_markdown(synthetic(), limit=6_000)
    assert len(text.encode()) <= 6_000
    assert "## The answer" in text
    assert "## All scenarios" in text
    assert "## Each scenario and format" not in text


@given(sections, st.permutations(range(6)), st.integers(2_000, 6_000))
def test_no_report_is_larger_than_it_may_be(found: list[list[Part]], rank: list[int], limit: int) -> None:
    """Whatever the sections hold, they fit, every fold is closed, and what is left out is said."""
    text = fitted(found, [place for place in rank if place < len(found)], limit)
    assert len(text.encode()) <= limit
    assert text.count("<details>") == text.count("</details>")
    whole = fitted(found, [], 10**9)
    assert (text == whole) or "too large" in text


@given(sections)
def test_sections_stay_in_their_order(found: list[list[Part]]) -> None:
    """Which section is given room first does not change where it stands."""
    assert fitted(found, list(range(len(found)))[::-1], 10**9) == fitted(found, [], 10**9)


def test_what_ranks_first_is_given_room_first() -> None:
    """Of two sections of which one fits, the one that ranks first is kept."""
    found = ["a" * 1_000], ["b" * 1_000]
    assert "bbb" in fitted(found, [1], 1_500)
    assert "aaa" not in fitted(found, [1], 1_500)
    assert "aaa" in fitted(found, [0], 1_500)


def test_a_fold_is_cut_at_its_parts() -> None:
    """Of a fold that is too large the first parts are kept."""
    text = fitted([[Fold(title="a & b", parts=("first", "x" * 5_000, "last"))]], [], 1_000)
    assert text.startswith("<details><summary>a &amp; b</summary>\n\nfirst\n\n</details>\n\n*1 more part")
    assert "last" not in text


def test_lone_surrogates_are_counted_as_they_are_written() -> None:
    """A text that UTF-8 cannot hold is measured by its escapes, of which the file is made."""
    found = replace(synthetic(scenarios=["dense"]).cells[0], explanation="\udc80" * 100, status=Status.FAIL)
    text = to_markdown(results((found,), {}), limit=5_000)
    assert len(text.encode("utf-8", "backslashreplace")) <= 5_000
