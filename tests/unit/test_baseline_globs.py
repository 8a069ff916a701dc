"""Globs over the names of cells: what they match, and that few of them say exactly what is meant."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.baseline.globs import Where, covering, flaw, pattern
from tests.unit.baselines import MATRIX


def matched(*globs: str) -> set[str]:
    """Return the cells of the small matrix that the globs match."""
    return set(filter(pattern(globs).match, MATRIX))


@pytest.mark.parametrize(
    ("glob", "name", "matches"),
    [
        ("dense.h5@*->tf2.21", "dense.h5@tf2.8->tf2.21", True),
        ("dense.h5@*->tf2.2", "dense.h5@tf2.8->tf2.21", False),
        ("*", "dense.h5@tf2.8->tf2.21", True),
        ("dense.h?", "dense.h5", True),
        ("tf2.1[258]", "tf2.15", True),
        ("tf2.1[!258]", "tf2.15", False),
        ("tf2.1[^258]", "tf2.1^", True),
        ("{dense,lstm}.h5", "lstm.h5", True),
        ("{dense,l*}.h5", "lstm.h5", True),
        ("{dense,lstm}.h5", "gru.h5", False),
        ("tf2.{8,1?}", "tf2.15", True),
        ("tf2.8", "tf2x8", False),
        ("dense[*]", "dense*", True),
        ("a\\[b]", "a\\b", True),
        ("[]]", "]", True),
        ("a[b", "a[b", True),
        ("a", "a\n", False),
    ],
)
def test_globs_mean_what_they_mean_elsewhere(glob: str, name: str, matches: bool) -> None:
    """A glob matches whole names, with what shells know in it."""
    assert pattern((glob,)).match(name) is matches
    assert flaw(glob) is None


@pytest.mark.parametrize("glob", ["*?" * 40 + "x", "{*,?}" * 40 + "x", "{,?}" * 40 + "x", "*{a,}" * 40 + "*x"])
def test_no_glob_takes_for_ever(glob: str) -> None:
    """A glob of many wildcards takes as long as one of few: as a regular expression each of these takes years."""
    assert matched(glob) == set()


ANY_GLOB = st.lists(st.sampled_from(["*", "?", "[ab]", "[!a]", "{a,b*}", "{,?}", "a", "b"]), max_size=7).map("".join)


@given(ANY_GLOB, st.text("ab", max_size=6))
def test_a_glob_matches_what_its_regular_expression_does(glob: str, name: str) -> None:
    """Places that are followed side by side end where backtracking ends."""
    words = {"*": ".*", "?": ".", "{": "(?:", "}": ")", ",": "|", "[!": "[^"}
    expression = re.sub(r"\[!|[*?{},]", lambda found: words[found[0]], glob)
    assert pattern((glob,)).match(name) is (re.fullmatch(expression, name) is not None)


@pytest.mark.parametrize(
    ("glob", "said"),
    [
        (" ", "the glob is empty"),
        ("{dense.h5@*", "a brace has no partner"),
        ("dense}.h5", "a brace has no partner"),
        ("{a,{b,c}}", "stands within others"),
        ("[z-a]", "this is no glob"),
        ("[" * 20_000, "it is longer than 10000 characters"),
    ],
)
def test_what_is_no_glob_is_said(glob: str, said: str) -> None:
    """A glob with a slip in it is a mistake in words, not one that matches nothing."""
    assert said in str(flaw(glob))


@pytest.mark.parametrize(
    ("globs", "few"),
    [
        (["*"], ("*@*->*",)),
        (["dense.h5@*->tf2.15"], ("dense.h5@*->tf2.15",)),
        (["dense.h5@tf2.8->*", "dense.h5@tf2.15->*"], ("dense.h5@tf2.{8,15}->*",)),
        (["*.keras@*->tf2.15"], ("*.keras@*->tf2.15",)),
        (["*.h5@tf2.8->tf2.15", "dense.keras@tf2.8->tf2.15"], ("*@tf2.8->tf2.15",)),
        (["dense.h5@*->tf2.8", "dense.keras@*->tf2.8"], ("dense.h5@*->tf2.8", "dense.keras@*->tf2.8")),
        (["dense.*@tf2.8->tf2.8"], ("dense.h5@tf2.8->tf2.8", "dense.keras@tf2.8->tf2.8")),
    ],
)
def test_whole_groups_become_one_glob(globs: list[str], few: tuple[str, ...]) -> None:
    """All environments, all models of a format, and pairs of two sets are one glob each."""
    assert covering(matched(*globs), MATRIX) == few


@given(st.sets(st.sampled_from(list(MATRIX))))
def test_any_cells_are_covered_and_no_others(wanted: set[str]) -> None:
    """The globs that are made for cells match these cells, and no other cell of the matrix."""
    assert matched(*covering(wanted, MATRIX)) == wanted if wanted else covering(wanted, MATRIX) == ()


odd = st.text(st.sampled_from("a.{},*?[]!->@\\^"), max_size=4)


@given(
    st.lists(st.tuples(odd, st.sampled_from("hk"), odd, odd), max_size=8, unique=True),
    st.lists(odd, min_size=8, max_size=8, unique=True),
    st.sets(st.integers(0, 7)),
    st.booleans(),
)
def test_names_with_signs_of_globs_are_covered_too(
    parts: list[tuple[str, str, str, str]], names: list[str], chosen: set[int], derived: bool
) -> None:
    """Whatever is in the names, and even if they are not made of their parts, the globs match these and no others."""
    made = [
        Where(f"{s}.{f}@{a}->{b}" if derived else name, s, f, a, b)
        for (s, f, a, b), name in zip(parts, names, strict=False)
    ]
    universe = {where.id: where for where in made}
    wanted = {where.id for place, where in enumerate(universe.values()) if place in chosen}
    globs = covering(wanted, universe)
    assert {name for name in universe if any(pattern((glob,)).match(name) for glob in globs)} == wanted
