"""What kind of drift it is, and where it begins."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from runner.drift import Sides, located
from runner.judgement import Judgement
from runner.model import Tolerance
from runner.observation import Array, LayerSeen, Observation
from runner.record import Cause, Comparison, Phase, Status

LAYERS = (
    LayerSeen(layer="a", class_name="Dense", config={"activation": '"hard_sigmoid"'}),
    LayerSeen(layer="b", class_name="Softmax", config={"axis": "1"}),
)


def array(value: Any, layer: str = "", name: str = "output") -> Array:
    """Return an array as a harness sees it."""
    found = np.asarray(value, "float64")
    return Array(layer=layer, name=name, dtype="float64", value=found)


def model(
    weights: Sequence[Any] = ([1.5, 2.5], [3.5, 4.5]),
    *,
    output: Any = (1.0, 2.0),
    activations: Sequence[Any] = (),
    layers: tuple[LayerSeen, ...] = LAYERS,
    name: str = "kernel",
    **more: Any,
) -> Observation:
    """Return what is seen of a model of two layers."""
    seen = {
        "outputs": (array([output]),),
        "weights": tuple(array(value, layer, name) for value, layer in zip(weights, "ab", strict=True)),
        "activations": tuple(
            array(value, layer, "activation") for value, layer in zip(activations, "ab", strict=False)
        ),
        **more,
    }
    return Observation(phase=Phase.PREDICT, deterministic=True, unit=2.0**-23, layers=layers, arrays=seen)


def locate(
    saved: Observation, loaded: Observation, again: Observation | None, cause: Cause = Cause.WEIGHTS_NOT_RESTORED
) -> Judgement:
    """Locate a drift."""
    found = Judgement(status=Status.DRIFT, cause=cause, explanation="It drifts.", comparison=Comparison())
    return located(found, Sides(saved=saved, loaded=loaded, again=again, tolerance=Tolerance()))


def first_layer(judgement: Judgement) -> str | None:
    """Return the layer that is named."""
    return judgement.comparison.first_layer if judgement.comparison else None


def test_fresh_random_weights() -> None:
    """Weights that a second process has otherwise are fresh initial ones; without activations their layer is named."""
    found = locate(model(), model([[1.5, 2.5], [0.1, 0.2]]), model([[1.5, 2.5], [0.3, 0.1]]))
    assert found.cause is Cause.WEIGHTS_NOT_RESTORED
    assert found.explanation == (
        "It drifts. Not restored: kernel of b. These are fresh initial values: a second load gives kernel of b others"
        " again."
    )
    assert first_layer(found) == "b"


def test_fresh_constants() -> None:
    """Weights that are all zeros or ones are what an initializer gives, and statistics are called so."""
    initial = model([[0.0, 0.0], [1.0, 1.0]], name="moving_variance")
    found = locate(model(name="moving_variance"), initial, initial)
    assert "fresh initial values: all are 0 or 1, as initializers have it" in found.explanation
    assert "statistics" in found.explanation
    assert first_layer(found) == "a"


def test_other_values() -> None:
    """Weights that are the same at every load are not called fresh; whose they are is said, if they are another's."""
    other = model([[1.5, 2.5], [7.0, 8.0]])
    found = locate(model(), other, other)
    assert "fresh" not in found.explanation
    assert "Other values than were saved, the same at every load: kernel of b." in found.explanation
    swapped = model([[1.5, 2.5], [1.5, 2.5]])
    assert "kernel of b has those of a" in locate(model(), swapped, swapped).explanation


def test_other_values_without_a_second_load() -> None:
    """Where the second load fails, what is known is said all the same."""
    found = locate(model(), model([[1.5, 2.5], [7.0, 8.0]]), None)
    assert "Other values than were saved" in found.explanation
    assert first_layer(found) == "b"


def test_state_that_is_no_weight() -> None:
    """Statistics that are no weights are told apart from weights."""
    before, after = (model(state=(array(value, "b", "mean"),)) for value in ([5.0], [0.0]))
    found = locate(before, after, after)
    assert "The weights are those that were saved; this state, which is no weight, is not." in found.explanation
    assert first_layer(found) == "b"


@pytest.mark.parametrize("cause", [Cause.NUMERIC_DRIFT, Cause.DECISION_CHANGED])
def test_another_argument(cause: Cause) -> None:
    """Where weights and state agree the first layer is named with its class and the argument that differs."""
    new = (LAYERS[0], LayerSeen(layer="b", class_name="Softmax", config={"axis": "-1"}))
    saved = model(activations=[[1.0], [2.0]])
    loaded = model(output=(5.0, 2.0), activations=[[1.0], [3.0]], layers=new)
    found = locate(saved, loaded, loaded, cause)
    assert found.cause is cause
    assert found.explanation == (
        "It drifts. Weights and state agree; the first layer that computes something else is b (Softmax): axis is -1,"
        " was 1."
    )
    assert found.comparison == Comparison(first_layer="b", first_layer_max_abs=1.0)
    blind = locate(model(), model(output=(5.0, 2.0), layers=new), model(output=(5.0, 2.0), layers=new), cause)
    assert first_layer(blind) == "b"


def test_another_definition() -> None:
    """Where the arguments agree too, what they name has changed."""
    saved, loaded = model(activations=[[1.0], [2.0]]), model(output=(5.0, 2.0), activations=[[1.5], [3.0]])
    found = locate(saved, loaded, loaded, Cause.NUMERIC_DRIFT)
    assert 'a (Dense): its arguments agree (activation is "hard_sigmoid")' in found.explanation


def test_random_after_loading() -> None:
    """A model that two loads give other outputs, with the same weights, has become random."""
    found = locate(model(), model(output=(5.0, 2.0)), model(output=(3.0, 2.0)), Cause.NUMERIC_DRIFT)
    assert found.cause is Cause.NOT_DETERMINISTIC


def test_model_that_makes_everything_of_rounding() -> None:
    """Where rounding alone reaches as far, no layer is accused of computing something else."""
    saved = model(movement=(array([[9.0, 9.0]]),))
    found = locate(saved, model(output=(5.0, 2.0)), model(output=(5.0, 2.0)), Cause.DECISION_CHANGED)
    assert found.cause is Cause.DECISION_CHANGED
    assert "it may be rounding" in found.explanation
