"""What rounding explains is no drift, and nothing else is taken for it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from runner.comparison import (
    Rounding,
    compare,
    compare_outputs,
    first_difference,
    rounding,
)
from runner.comparison.layers import names
from runner.comparison.outputs import reached
from runner.observation import LayerSeen, Observation
from runner.record import Cause, Phase
from tests.unit.test_comparison import TOLERANCE, array, outputs

UNITS = st.sampled_from([2.0**-52, 2.0**-23, 2.0**-11, 2.0**-8])
FINITE = st.floats(-1e6, 1e6, width=32)


def moving(values: Any, unit: float = 2.0**-23, *, layer: str = "") -> Rounding:
    """Return the rounding of a model whose one output moves so far."""
    return Rounding(movement={(layer, "output"): np.asarray(values)}, unit=unit)


def test_noise_is_forgiven_and_said() -> None:
    """What a small movement of the weights explains is no drift, and is told."""
    saved, loaded = [array([[1.0, 2.0]] * 4)], [array([[1.0 + 5e-5, 2.0]] * 4)]
    assert compare_outputs(saved, loaded, TOLERANCE).cause is Cause.NUMERIC_DRIFT
    found = compare_outputs(saved, loaded, TOLERANCE, moving(np.full((4, 2), 5e-6)))
    assert (found.cause, found.text) == (None, "")
    assert "5e-05" in found.noise
    within = compare_outputs(saved, saved, TOLERANCE, moving(np.full((4, 2), 5e-6)))
    assert (within.cause, within.noise) == (None, "")


def test_noise_is_a_matter_of_each_feature() -> None:
    """A feature that moves far does not excuse one that does not."""
    saved, loaded = [array([[1000.0, 1.0]] * 4)], [array([[1000.0, 1.5]] * 4)]
    moved = np.array([[1.0, 1e-7]] * 4)
    assert compare_outputs(saved, loaded, TOLERANCE, moving(moved)).cause is Cause.NUMERIC_DRIFT


@given(
    arrays.arrays(np.float64, (4, 3), elements=FINITE),
    arrays.arrays(np.float64, (4, 3), elements=FINITE),
    arrays.arrays(np.float64, (4, 3), elements=st.floats(0, 1e12)),
    UNITS,
)
def test_noise_never_swallows_more_than_the_cap(saved: Any, change: Any, moved: Any, unit: float) -> None:
    """However far a model says that it moves, what is large against its output is drift."""
    loaded = saved + change
    known = moving(moved, unit)
    found = compare_outputs([array(saved)], [array(loaded)], TOLERANCE, known)
    limit = known.cap * np.abs(saved).max()
    beyond = np.abs(loaded - saved) > np.maximum(limit, 1.1e-6 + 1.1e-5 * np.abs(saved))
    assert known.cap <= {2.0**-52: 1e-10, 2.0**-23: 1e-2}.get(unit, 1 / 16)
    assert found.cause is not None or not beyond.any()


@given(
    arrays.arrays(np.float64, (4, 3), elements=FINITE),
    arrays.arrays(np.float64, (4, 3), elements=st.floats(0, 1e-3)),
    st.integers(17, 1000),
)
def test_noise_never_swallows_more_than_rounding_does(saved: Any, moved: Any, times: int) -> None:
    """What is further apart than a small factor of the movement is drift, however small it is."""
    loaded = saved + 1e-4 + times * moved.max(axis=0) + 1e-4 * np.abs(saved)
    assert compare_outputs([array(saved)], [array(loaded)], TOLERANCE, moving(moved)).cause is not None


@pytest.mark.parametrize(
    ("saved", "loaded"),
    [
        ([[1, 2]], [[1, 3]]),
        ([[1.0, 2.0]], [[1.0, np.nan]]),
        ([[1.0, 2.0]], [[1.0, np.inf]]),
        ([[True, False]], [[True, True]]),
    ],
)
def test_no_noise(saved: Any, loaded: Any) -> None:
    """Whole numbers, and what is no number, have no rounding."""
    assert outputs(saved, loaded).cause is not None
    assert compare_outputs([array(saved)], [array(loaded)], TOLERANCE, moving(np.full((1, 2), 1e9))).cause is not None


def test_decisions_that_change_are_no_noise() -> None:
    """A decision that changes is drift, but for a tie: one that the movement itself would have turned."""
    saved, loaded = [array([[1.0, 1.0005, 9.0][:2]])], [array([[1.0005, 1.0]])]
    assert compare_outputs(saved, loaded, TOLERANCE, moving([[1e-4, 1e-4]])).cause is Cause.DECISION_CHANGED
    assert compare_outputs(saved, loaded, TOLERANCE, moving([[3e-4, 3e-4]])).cause is None
    sign = [array([[5e-5], [9.0]])], [array([[-5e-5], [9.0]])]
    assert compare_outputs(*sign, TOLERANCE, moving([[1e-5], [1e-5]])).cause is Cause.DECISION_CHANGED
    assert compare_outputs(*sign, TOLERANCE, moving([[6e-5], [6e-5]])).cause is None


def test_rounding_that_reaches_anywhere() -> None:
    """A model that makes everything of rounding drifts all the same, and one can tell that it does."""
    saved, loaded = [array([[1.0, 2.0]])], [array([[1.5, 2.0]])]
    known = moving([[0.2, 0.2]])
    assert compare_outputs(saved, loaded, TOLERANCE, known).cause is Cause.NUMERIC_DRIFT
    assert reached(saved, loaded, TOLERANCE, known)
    assert not reached(saved, loaded, TOLERANCE, moving([[1e-7, 1e-7]]))
    assert not reached([], [], TOLERANCE, known)


@pytest.mark.parametrize("unit", [None, 0.0, -1.0, 2.0, float("nan"), float("inf")])
def test_movement_without_a_unit_forgives_nothing(unit: float | None) -> None:
    """What a save side says of its rounding is believed only as far as it makes sense."""
    seen = {"outputs": (array([[1.0, 2.0]]),), "movement": (array([[9.0, 9.0]]),)}
    saved = Observation(phase=Phase.SAVE, deterministic=True, unit=unit, arrays=seen)
    assert rounding(saved, "movement").movement == {}


def test_movement_of_another_shape_forgives_nothing() -> None:
    """A movement that does not fit its output is as good as none."""
    saved, loaded = [array([[1.0, 2.0]] * 4)], [array([[1.0 + 5e-5, 2.0]] * 4)]
    assert compare_outputs(saved, loaded, TOLERANCE, moving(np.full((5, 7), 1.0))).cause is Cause.NUMERIC_DRIFT


def test_weights_have_no_noise() -> None:
    """Weights are stored, not computed: what differs in them was not restored, however the model rounds."""
    seen = {"outputs": (array([[1.0]] * 2),), "movement": (array([[9.0]] * 2),), "weights": (array([1.0], layer="a"),)}
    saved = Observation(phase=Phase.SAVE, deterministic=True, unit=2.0**-8, arrays=seen)
    loaded = Observation(phase=Phase.PREDICT, arrays={**seen, "weights": (array([1.001], layer="a"),)})
    assert compare(saved, loaded, TOLERANCE).cause is Cause.WEIGHTS_NOT_RESTORED


def test_first_layer_beyond_noise() -> None:
    """A layer that differs within its rounding is passed over, also where its name is another one."""
    saved = [array([1.0, 1.0], layer="a"), array([1.0, 1.0], layer="b")]
    loaded = [array([1.0001, 1.0], layer="a"), array([2.0, 1.0], layer="b")]
    known = Rounding(movement={("a", "output"): np.array(1e-5), ("b", "output"): np.array(1e-5)}, unit=2.0**-23)
    assert first_difference(saved, loaded, TOLERANCE, known) == ("b", 1.0)
    classes = [LayerSeen(layer=name, class_name="Dense", config={}) for name in ("a", "b", "a_1", "b_1")]
    renamed = [array([1.0, 1.0], layer="a_1"), array([2.0, 1.0], layer="b_1")]
    assert first_difference(saved, renamed, TOLERANCE, known, names(classes[:2], classes[2:])) == ("b", 1.0)
