"""Which difference between two environments breaks a cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import blame, releases
from runner.blame import COMPONENTS, Seen
from runner.diagnosis import Side
from runner.record import Blame

OLD = Side(name="old", versions={"python": "3.9.18", "tensorflow": "2.10.1", "keras": "2.10.0", "numpy": "1.23.4"})
NEW = Side(name="new", versions={"python": "3.11.7", "tensorflow": "2.12.1", "keras": "2.12.0", "numpy": "1.23.5"})
FOUND = blame.differences(OLD, NEW)
SPECS = (releases.complete(name="old", tensorflow="2.10.1"), releases.complete(name="new", tensorflow="2.12.1"))


def saw(**fails: bool | None) -> list[Seen]:
    """Return what variants of the load environment did."""
    return [Seen(component=name, base="load", fails=failed) for name, failed in fails.items()]


def test_keras_2_goes_with_its_tensorflow() -> None:
    """Up to 2.15 the two are one thing; Python counts by its minor version."""
    assert FOUND == {"python": ("3.9", "3.11"), "tensorflow": ("2.10.1", "2.12.1"), "numpy": ("1.23.4", "1.23.5")}


def test_the_one_that_mends_it_is_to_blame() -> None:
    """If the load environment with the old Python loads it, it is the Python, and what changed nothing is cleared."""
    found = blame.blame(FOUND, saw(python=False, tensorflow=True, numpy=True))
    assert (found.component, found.save, found.load) == ("python", "3.9", "3.11")
    assert found.text == "It is the Python: 3.9 -> 3.11, not TensorFlow, NumPy."


def test_the_one_that_breaks_it_is_to_blame() -> None:
    """If the save environment with the new Python fails as the cell does, it is the Python."""
    assert blame.blame(FOUND, [Seen(component="python", base="save", fails=True)]).component == "python"
    assert blame.blame(FOUND, [Seen(component="python", base="save", fails=False)]).cleared == ("python",)


def test_what_is_left_when_all_else_is_cleared() -> None:
    """One that cannot be tried by itself is named if nothing else can be it."""
    found = blame.blame(FOUND, saw(python=True, tensorflow=None, numpy=True))
    assert (found.component, found.cleared) == ("tensorflow", ("python", "numpy"))


def test_doubt_is_said() -> None:
    """Where nothing can be told apart, nothing is blamed."""
    assert blame.blame(FOUND, saw(python=None, tensorflow=None, numpy=True)).component is None
    assert "several" in blame.blame(FOUND, saw(python=True, tensorflow=True, numpy=True)).text
    assert "by itself" in blame.blame(FOUND, saw(python=False, tensorflow=False, numpy=True)).text


def test_a_single_difference_needs_no_trial() -> None:
    """It is the one."""
    same = Side(name="same", versions={**NEW.versions, "python": "3.12.1"})
    alone = blame.only(blame.differences(NEW, same))
    assert alone is not None
    assert alone.component == "python"
    assert blame.only(blame.differences(NEW, NEW)) == Blame(
        text="The two environments differ in nothing that is looked at."
    )


@given(
    st.dictionaries(st.sampled_from(COMPONENTS), st.just(("1", "2")), min_size=2),
    st.lists(
        st.builds(
            Seen,
            component=st.sampled_from(COMPONENTS),
            base=st.sampled_from(["save", "load"]),
            fails=st.none() | st.booleans(),
        )
    ),
)
def test_there_is_always_a_sentence(found: dict[str, tuple[str, str]], seen: list[Seen]) -> None:
    """Whatever the variants did, one component at most is blamed, it is not cleared too, and it is said in words."""
    told = blame.blame(found, seen)
    assert told.text.endswith(".")
    assert told.component not in told.cleared
    assert told.component is None or told.component in found


@pytest.mark.parametrize("component", FOUND)
def test_a_variant_differs_in_one_thing(component: str) -> None:
    """It has that component of the other environment, and of all others its own."""
    for variant in blame.variants(component, SPECS, (OLD, NEW)):
        own, other = (OLD, NEW) if variant.base == "save" else (NEW, OLD)
        expected = {**own.versions, component: other.versions[component]}
        assert variant.spec.python == ".".join(expected["python"].split(".")[:2])
        assert variant.spec.tensorflow == expected["tensorflow"]
        assert f"numpy=={expected['numpy']}" in variant.spec.packages
