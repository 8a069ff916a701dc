"""More input that nobody meant than every run of the tests has time for, half of it led by what it reaches."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.fuzz import batches
from tests.fuzz.__main__ import Tried
from tests.fuzz.targets import TARGETS

LEAST = 100_000
_TIMES = {"Hypothesis": 3, "Atheris": 7}
"""How many times as many inputs as in every run of the tests, by what chooses them."""
_SEED = 1


@cache
def tried(name: str, engine: str) -> Tried:
    """Try the inputs of a target, once for all tests."""
    inputs = TARGETS[name].inputs * _TIMES[engine]
    return batches.run(name, inputs, seed=_SEED, guided=engine == "Atheris", wait=7200)


@pytest.mark.parametrize("engine", _TIMES)
@pytest.mark.parametrize("name", TARGETS)
def test_every_input_is_read_or_refused_in_words(
    name: str, engine: str, record_property: Callable[[str, object], None]
) -> None:
    """Changed in tens of thousands of ways, an input gives a result or a sentence, soon and in little memory."""
    outcome = tried(name, engine)
    for field in ("target", "engine", "inputs", "ended", "seconds", "slowest", "peak_mb"):
        record_property(field, getattr(outcome, field))
    record_property("findings", int(bool(outcome.finding)))
    assert not outcome.finding, outcome.finding


def test_inputs_are_a_hundred_thousand() -> None:
    """All targets together try a hundred thousand inputs a night."""
    assert sum(tried(name, engine).inputs for name in TARGETS for engine in _TIMES) >= LEAST
