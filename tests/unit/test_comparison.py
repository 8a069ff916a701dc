"""How two observations differ, number by number."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from runner.comparison import (
    Compared,
    compare,
    compare_outputs,
    compare_state,
    compare_weights,
    first_difference,
)
from runner.comparison.layers import described, first_described, names
from runner.comparison.numbers import close
from runner.model import Tolerance
from runner.observation import Array, LayerSeen, Observation
from runner.record import Cause, Phase

TOLERANCE = Tolerance(rtol=1e-5, atol=1e-6)
FLOATS = arrays.arrays(
    st.sampled_from([np.float16, np.float32, np.float64]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    elements={"allow_nan": True, "allow_infinity": True},
)

NUMBERS = st.sampled_from([0.0, -0.0, 1.0, 1.0 + 9e-6, 1.0 + 2e-5, 1e-6, -1.0, 1e300, np.inf, -np.inf, np.nan])


def array(value: Any, *, name: str = "output", layer: str = "", dtype: str = "") -> Array:
    """Return an array as a harness sees it."""
    found = np.asarray(value)
    return Array(layer=layer, name=name, dtype=dtype or found.dtype.name, value=found)


def text(*items: bytes) -> Array:
    """Return an output of text."""
    value = np.empty(len(items), dtype=object)
    value[:] = items
    return array(value, dtype="string")


def outputs(saved: Any, loaded: Any, tolerance: Tolerance = TOLERANCE) -> Compared:
    """Compare one output."""
    return compare_outputs([array(saved)], [array(loaded)], tolerance)


def weights(saved: Sequence[tuple[str, Any]], loaded: Sequence[tuple[str, Any]]) -> Compared:
    """Compare weights, given as pairs of a layer and a value."""
    before, after = ([array(value, layer=layer) for layer, value in side] for side in (saved, loaded))
    return compare_weights(before, after, TOLERANCE)


@given(FLOATS)
def test_same_agrees(values: Any) -> None:
    """Whatever it holds, an output agrees with itself in every figure."""
    found = outputs(values, values.copy())
    assert found.cause is None
    assert found.text == ""
    assert (found.comparison.max_abs, found.comparison.max_rel) == (0.0, 0.0)
    assert found.comparison.max_ulp in (0, None)
    assert found.comparison.decisions_changed == 0


@given(
    arrays.arrays(np.float64, 8, elements=NUMBERS),
    arrays.arrays(np.float64, 8, elements=NUMBERS),
    st.booleans(),
)
def test_close_is_close_as_numpy_has_it(saved: Any, loaded: Any, same: bool) -> None:
    """Which numbers agree is what ``numpy.isclose`` says, infinities and what is no number included."""
    other = saved.copy() if same else loaded
    expected = np.isclose(other, saved, rtol=TOLERANCE.rtol, atol=TOLERANCE.atol, equal_nan=True)
    assert close(saved, other, TOLERANCE).tolist() == expected.tolist()


@given(FLOATS, FLOATS)
def test_anything_can_be_compared(saved: Any, loaded: Any) -> None:
    """Any two outputs can be compared, no figure is not a number, and drift is said in words."""
    found = outputs(saved, loaded)
    for figure in (found.comparison.max_abs, found.comparison.max_rel):
        assert figure is None or figure >= 0
    assert found.comparison.decisions_changed <= found.comparison.decisions
    assert bool(found.cause) == bool(found.text)


@pytest.mark.parametrize(
    ("saved", "loaded", "cause"),
    [
        ([1.0], [1.0 + 0.9e-5], None),
        ([1.0], [1.0 + 2.1e-5], Cause.NUMERIC_DRIFT),
        ([0.0], [0.9e-6], None),
        ([0.0], [1.1e-6], Cause.DECISION_CHANGED),
        ([1.0], [np.nan], Cause.NOT_FINITE),
        ([1.0], [np.inf], Cause.NOT_FINITE),
        ([np.nan], [np.nan], None),
        ([np.nan], [1.0], Cause.DECISION_CHANGED),
        ([np.inf], [np.inf], None),
        ([np.inf], [-np.inf], Cause.DECISION_CHANGED),
        ([-1.0], [1.0], Cause.DECISION_CHANGED),
        ([[1.0, 2.0]], [[2.0, 1.0]], Cause.DECISION_CHANGED),
        ([[1.0, 2.0]], [[1.0, 3.0]], Cause.NUMERIC_DRIFT),
        ([1.0, 2.0], [[1.0, 2.0]], Cause.SHAPE_CHANGED),
        (1.0, [1.0], Cause.SHAPE_CHANGED),
        ([1.0 + 1j], [1.0 + 1j], None),
        ([1.0 + 1j], [1.0 - 1j], Cause.NUMERIC_DRIFT),
        ([True, False], [True, False], None),
        ([True, False], [True, True], Cause.DECISION_CHANGED),
        ([100_000, 100_001], [100_000, 100_001], None),
        ([100_000, 100_001], [100_000, 100_002], Cause.NUMERIC_DRIFT),
        ([2**53], [2**53 + 1], Cause.NUMERIC_DRIFT),
    ],
)
def test_causes(saved: Any, loaded: Any, cause: Cause | None) -> None:
    """Floats agree within tolerance, whole numbers if they are equal; what differs has a cause."""
    assert outputs(saved, loaded).cause is cause


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("float32", "float64", False),
        ("int32", "int64", False),
        ("float64", "float32", True),
        ("float32", "float16", True),
        ("int64", "float64", True),
        ("float32", "int32", True),
        ("uint8", "int8", True),
        ("bool", "int8", True),
    ],
)
def test_dtypes(before: str, after: str, *, changed: bool) -> None:
    """A narrower type and one of another kind are changes; a wider one of the same kind is none."""
    found = outputs(np.ones(2, before), np.ones(2, after))
    assert found.cause is (Cause.DTYPE_CHANGED if changed else None)


def test_bfloat16() -> None:
    """What NumPy has no name for is compared by the name that the model has for it."""
    values = np.ones(2, "float32")
    narrow, wide = array(values, dtype="bfloat16"), array(values)
    assert compare_outputs([wide], [narrow], TOLERANCE).cause is Cause.DTYPE_CHANGED
    assert compare_outputs([narrow], [wide], TOLERANCE).cause is None
    assert compare_outputs([narrow], [narrow], TOLERANCE).cause is None


def test_figures() -> None:
    """The largest absolute and relative differences and the decisions of all outputs are told."""
    saved = [array([[1.0, 2.0], [4.0, 3.0]], name="a"), array([-1.0, 1.0], name="b")]
    loaded = [array([[1.0, 2.5], [4.0, 5.0]], name="a"), array([1.0, 1.0], name="b")]
    found = compare_outputs(saved, loaded, TOLERANCE).comparison
    assert (found.max_abs, found.max_rel) == (2.0, 2.0)
    assert (found.decisions_changed, found.decisions) == (2, 4)


def test_not_a_number_outweighs_all() -> None:
    """Where one of several outputs became not a number, the largest difference is infinite whatever the order."""
    good, bad = (array([1.0], name="a"), array([1.0], name="a")), (array([1.0], name="b"), array([np.nan], name="b"))
    for pairs in ([good, bad], [bad, good]):
        saved, loaded = zip(*pairs, strict=True)
        found = compare_outputs(saved, loaded, TOLERANCE)
        assert (found.cause, found.comparison.max_abs) == (Cause.NOT_FINITE, np.inf)


def test_ties_are_no_decisions() -> None:
    """A sample that agrees within tolerance has not changed its decision, even where rounding turned it."""
    saved, loaded = [[0.5, 0.5], [0.0, 1.0]], [[0.5, 0.5 + 1e-9], [0.0, 1.1]]
    found = outputs(saved, loaded)
    assert (found.cause, found.comparison.decisions_changed) == (Cause.NUMERIC_DRIFT, 0)
    assert outputs([1e-9], [-1e-9]).comparison.decisions_changed == 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("start", [1.0, -1.0, 0.0, 1e4])
@pytest.mark.parametrize("steps", [1, 3, 700])
def test_units_in_the_last_place(dtype: str, start: float, steps: int) -> None:
    """The distance is counted exactly, across zero too, and in the midst of a large array."""
    saved = np.full(100_000, start, dtype)
    loaded = saved.copy()
    for _ in range(steps):
        loaded[777] = np.nextafter(loaded[777], np.asarray(-np.inf, dtype))
    assert outputs(saved, loaded).comparison.max_ulp == steps


def test_units_in_the_last_place_of_extremes() -> None:
    """The distance from the lowest to the highest number does not overflow; both zeros are the same."""
    highest = np.finfo("float64").max
    assert outputs([-highest], [highest]).comparison.max_ulp == 2 * 0x7FEFFFFFFFFFFFFF
    assert outputs([0.0], [-0.0]).comparison.max_ulp == 0
    assert outputs([1.0], [np.nan]).comparison.max_ulp is None
    assert outputs(np.ones(1, "f4"), np.ones(1, "f8")).comparison.max_ulp is None


def test_text() -> None:
    """Text agrees if it is the same; each string that changed is a decision."""
    same = compare_outputs([text(b"a", b"")], [text(b"a", b"")], TOLERANCE)
    assert (same.cause, same.comparison.decisions_changed, same.comparison.decisions) == (None, 0, 2)
    other = compare_outputs([text(b"a", b"b")], [text(b"a", b"c")], TOLERANCE)
    assert (other.cause, other.comparison.decisions_changed) == (Cause.DECISION_CHANGED, 1)
    assert compare_outputs([text(b"1")], [array([1])], TOLERANCE).cause is Cause.DTYPE_CHANGED
    assert compare_outputs([array([1])], [text(b"1")], TOLERANCE).cause is Cause.DTYPE_CHANGED


def test_outputs_are_paired_by_name() -> None:
    """Outputs of the same names are compared with each other whatever their order."""
    saved = [array([1.0], name="a"), array([2.0], name="b")]
    assert compare_outputs(saved, saved[::-1], TOLERANCE).cause is None


def test_renamed_outputs_are_paired_by_order() -> None:
    """Outputs of other names are compared in their order, those of the same shape first."""
    saved = [array([1.0], name="a"), array([[2.0]], name="b"), array([3.0], name="c")]
    loaded = [array([[2.0]], name="x"), array([1.0], name="y"), array([3.0], name="z")]
    assert compare_outputs(saved, loaded, TOLERANCE).cause is None


def test_outputs_of_one_name() -> None:
    """Outputs that all bear one name are compared in their order."""
    both = [array([1.0], name="shared"), array([2.0], name="shared")]
    assert compare_outputs(both, both, TOLERANCE).cause is None
    assert compare_outputs(both, both[::-1], TOLERANCE).cause is Cause.NUMERIC_DRIFT


def test_number_of_outputs() -> None:
    """Another number of outputs is another shape."""
    both = [array([1.0], name="a"), array([2.0], name="b")]
    found = compare_outputs(both, both[:1], TOLERANCE)
    assert (found.cause, found.text) == (Cause.SHAPE_CHANGED, "2 outputs were saved, 1 came back")


def test_worst_output_is_the_cause() -> None:
    """What changed in form outranks what changed in value."""
    saved = [array([1.0], name="a"), array([1.0], name="b")]
    loaded = [array([2.0], name="a"), array([[1.0]], name="b")]
    assert compare_outputs(saved, loaded, TOLERANCE).cause is Cause.SHAPE_CHANGED


def test_weights_that_came_back() -> None:
    """Weights are compared layer by layer; those of the same shape in one layer may come in another order."""
    saved = [("a", [1.0, 2.0]), ("a", [3.0, 4.0]), ("b", [[5.0]])]
    assert weights(saved, [saved[1], saved[0], saved[2]]).cause is None
    assert weights(saved, saved).comparison.weights_max_abs == 0.0


def test_weights_that_did_not() -> None:
    """A weight that differs is named by its layer, with how much it differs."""
    found = weights([("a", [1.0]), ("b", [2.0])], [("a", [1.0]), ("b", [2.5])])
    assert found.cause is Cause.WEIGHTS_NOT_RESTORED
    assert found.text == "weights of b differ (shape 1), by up to 0.5"
    assert found.comparison.weights_max_abs == 0.5


def test_renamed_layers() -> None:
    """Weights of layers that are named anew are found by their values."""
    saved = [("dense", [1.0]), ("dense_1", [2.0])]
    assert weights(saved, [("dense_2", [1.0]), ("dense_3", [2.0])]).cause is None
    assert weights(saved, [("dense_2", [1.0]), ("dense_3", [9.0])]).cause is Cause.WEIGHTS_NOT_RESTORED


def test_swapped_layers() -> None:
    """Layers that bear each other's names have come back, if all of their weights have."""
    saved = [("dense", [1.0]), ("dense_1", [2.0])]
    assert weights(saved, [("dense_1", [1.0]), ("dense", [2.0])]).cause is None
    assert weights(saved, [("dense_1", [1.0]), ("dense", [9.0])]).cause is Cause.WEIGHTS_NOT_RESTORED


def test_weights_that_only_one_side_counts() -> None:
    """A weight without a partner of its shape, and whole numbers, are no matter of restoring."""
    saved = [("a", [1.0]), ("a", 7.0), ("a", np.array([1, 2]))]
    assert weights(saved, [("a", [1.0]), ("a", np.array([3, 4]))]).cause is None
    assert weights(saved, []).comparison.weights_max_abs is None


def test_many_large_weights() -> None:
    """A hundred large weights of one shape, none of which came back, are compared in seconds."""
    random = np.random.default_rng(0)
    saved = [("a", random.normal(size=(3, 3, 128, 128)).astype("float32")) for _ in range(100)]
    loaded = [("b", value + 1) for _, value in saved]
    started = time.monotonic()
    assert weights(saved, loaded).cause is Cause.WEIGHTS_NOT_RESTORED
    assert time.monotonic() - started < 30


def test_model_that_is_not_deterministic() -> None:
    """Outputs that differ from call to call are not compared, weights are."""
    before = {"outputs": (array([1.0]),), "weights": (array([1.0], layer="a"),)}
    after = {"outputs": (array([9.0]),), "weights": (array([9.0], layer="a"),)}
    saved = Observation(phase=Phase.SAVE, deterministic=False, arrays=before)
    same = Observation(phase=Phase.PREDICT, arrays={**after, "weights": before["weights"]})
    other = Observation(phase=Phase.PREDICT, arrays=after)
    assert compare(saved, same, TOLERANCE).cause is None
    assert compare(saved, same, TOLERANCE).comparison.max_abs is None
    assert compare(saved, other, TOLERANCE).cause is Cause.WEIGHTS_NOT_RESTORED


def test_weights_explain_outputs() -> None:
    """Where outputs and weights differ, the weights are the cause; a changed shape is its own."""
    saved = {"outputs": (array([1.0]),), "weights": (array([1.0], layer="a"),)}
    drifted = {"outputs": (array([2.0]),), "weights": (array([2.0], layer="a"),)}
    reshaped = {"outputs": (array([[1.0]]),), "weights": (array([2.0], layer="a"),)}
    sides = [Observation(phase=Phase.PREDICT, arrays=side) for side in (saved, drifted, reshaped)]
    assert compare(sides[0], sides[1], TOLERANCE).cause is Cause.WEIGHTS_NOT_RESTORED
    assert compare(sides[0], sides[2], TOLERANCE).cause is Cause.SHAPE_CHANGED


def test_first_layer_that_differs() -> None:
    """The first layer that differs, in the saved model's order, is named with how much; others are left out."""
    saved = [array([1.0], layer="a"), array([1.0], layer="b"), array([1.0], layer="c")]
    loaded = [array([4.0], layer="c"), array([3.0], layer="b"), array([1.0], layer="a")]
    assert first_difference(saved, loaded, TOLERANCE) == ("b", 2.0)
    assert first_difference(saved, saved, TOLERANCE) is None
    assert first_difference([array([1.0], layer="x")], loaded, TOLERANCE) is None
    words = Array(layer="a", name="activation", dtype="string", value=text(b"x").value)
    assert first_difference([words], [array([1.0], layer="a")], TOLERANCE) is None


@pytest.mark.parametrize(("narrow", "eps"), [("float16", 2.0**-10), ("bfloat16", 2.0**-7)])
def test_weights_in_a_narrower_type(narrow: str, eps: float) -> None:
    """A weight that came back as well as a narrower type holds it has come back."""
    value = np.array([1.0, -2.0], "float32")
    stored = "float32" if narrow == "bfloat16" else narrow
    rounded = array((value * (1 + eps)).astype(stored), layer="a", dtype=narrow)
    other = array((value * (1 + 8 * eps)).astype(stored), layer="a", dtype=narrow)
    assert compare_weights([array(value, layer="a")], [rounded], TOLERANCE).cause is None
    assert compare_weights([array(value, layer="a")], [other], TOLERANCE).cause is Cause.WEIGHTS_NOT_RESTORED
    same = array(value.astype(stored), layer="a", dtype=narrow)
    assert compare_weights([same], [rounded], TOLERANCE).cause is Cause.WEIGHTS_NOT_RESTORED


def words(*items: bytes, layer: str = "lookup") -> Array:
    """Return a vocabulary."""
    return Array(layer=layer, name="vocabulary", dtype="string", value=text(*items).value)


@pytest.mark.parametrize(
    ("loaded", "said"),
    [
        ([], "is lost (it had 2 words)"),
        ([b"b", b"a"], "in another order"),
        ([b"a", b"c"], "other words (2, there were 2)"),
        ([b"a"], "other words (1, there were 2)"),
    ],
)
def test_vocabulary(loaded: list[bytes], said: str) -> None:
    """A vocabulary that is lost, or another one, is a missing asset of its layer."""
    found = compare_state([words(b"a", b"b")], [words(*loaded)], TOLERANCE)
    assert found.cause is Cause.ASSETS_MISSING
    assert found.text.startswith("vocabulary of lookup ")
    assert said in found.text


def test_state() -> None:
    """Statistics that are no weights and differ were not restored; another shape of the same numbers is no matter."""
    saved = [array([[1.0, 2.0]], name="mean", layer="norm"), array([3.0], name="only_here", layer="norm")]
    lost = compare_state(saved, [array([0.0, 0.0], name="mean", layer="norm")], TOLERANCE)
    assert (lost.cause, lost.comparison.first_layer) == (Cause.WEIGHTS_NOT_RESTORED, "norm")
    assert lost.text == "mean of norm is not what was saved, by up to 2"
    assert compare_state(saved, [array([1.0, 2.0], name="mean", layer="norm")], TOLERANCE).cause is None
    assert compare_state(saved, [array([1.0], name="mean", layer="norm")], TOLERANCE).cause is None


def observed(output: Any, *, state: Sequence[Array], deterministic: bool = True) -> Observation:
    """Return what is seen of a model with state."""
    seen = {"outputs": (array(output),), "weights": (array([1.0], layer="a"),), "state": tuple(state)}
    return Observation(phase=Phase.SAVE, deterministic=deterministic, arrays=seen)


def test_state_explains_outputs() -> None:
    """State that differs is the cause where outputs do, their shape too if it is words; where they agree it is none."""
    before, after = words(b"a", b"b"), words()
    saved = observed([[1.0, 2.0]], state=[before])
    assert compare(saved, observed([[3.0, 2.0]], state=[after]), TOLERANCE).cause is Cause.ASSETS_MISSING
    assert compare(saved, observed([[3.0]], state=[after]), TOLERANCE).cause is Cause.ASSETS_MISSING
    assert compare(saved, observed([[1.0, 2.0]], state=[after]), TOLERANCE).cause is None
    random = observed([[1.0, 2.0]], state=[before], deterministic=False)
    assert compare(random, observed([[7.0, 2.0]], state=[after]), TOLERANCE).cause is Cause.ASSETS_MISSING
    assert compare(random, observed([[7.0, 2.0]], state=[before]), TOLERANCE).cause is None


def seen(layer: str, class_name: str, **config: str) -> LayerSeen:
    """Return a layer with its arguments in JSON."""
    return LayerSeen(layer=layer, class_name=class_name, config=config)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"axis": "1"}, {"axis": "-1"}, "axis is -1, was 1"),
        ({"axis": "[3]"}, {"axis": "3"}, ""),
        ({"momentum": "1.0"}, {"momentum": "1"}, ""),
        ({"name": '"a"', "dtype": '"float32"'}, {"name": '"b"', "dtype": '{"class_name": "DTypePolicy"}'}, ""),
        ({"time_major": "false"}, {}, ""),
        ({"kernel_initializer": '"ones"'}, {"kernel_initializer": '"zeros"'}, ""),
        ({"activation": '"relu"'}, {"activation": '"gelu"'}, 'activation is "gelu", was "relu"'),
        ({"axis": "no JSON"}, {"axis": "1"}, 'axis is 1, was "no JSON"'),
        (
            {"cell": '{"class_name": "C", "config": {"units": 3}}'},
            {"cell": '{"module": "keras", "class_name": "C", "config": {"units": 3}, "registered_name": null}'},
            "",
        ),
    ],
)
def test_arguments(before: dict[str, str], after: dict[str, str], said: str) -> None:
    """Arguments that differ in what they say are named; how a version writes them is no difference."""
    old, new = [seen("a", "Softmax", **before)], [seen("a", "Softmax", **after)]
    assert described("a", old, new, names(old, new)) == said
    assert first_described(old, new, names(old, new)) == ("a" if said else None)


def test_names() -> None:
    """Layers that a second build numbers on are the same, if their classes are."""
    old = [seen("dense", "Dense"), seen("relu", "ReLU")]
    assert (
        names(old, [seen("in", "InputLayer"), seen("dense_2", "Dense"), seen("relu_1", "ReLU")]).of("dense")
        == "dense_2"
    )
    assert names(old, [seen("relu_1", "ReLU"), seen("dense_2", "Dense")]).of("dense") == "dense"
