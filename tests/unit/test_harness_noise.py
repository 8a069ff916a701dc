"""How the harness measures what a model makes of rounding."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from runner.harness import noise

UNIT = 2.0**-23


class Variable:
    """A variable as TensorFlow has it, as far as it is asked."""

    def __init__(self, value: Any, dtype: str = "float32") -> None:
        self.value = np.asarray(value, dtype)
        self.dtype = self.value.dtype

    def numpy(self) -> Any:
        """Return the array."""
        return self.value.copy()

    def assign(self, value: Any) -> None:
        """Replace the array."""
        self.value = value


class Model:
    """A model with weights that are variables."""

    def __init__(self, weights: Sequence[Variable], call: Callable[..., Any]) -> None:
        self.weights = list(weights)
        self._call = call

    def outputs(self, inputs: Any) -> list[tuple[str, Any]]:
        """Return its only output."""
        return [("out", np.asarray(self._call(inputs, *(weight.value for weight in self.weights))))]


def movement(model: Model, inputs: Any, size: float = UNIT) -> Any:
    """Return how far the output moves."""
    moved: Any = noise.movement(model, inputs, size, model.outputs(inputs), model.outputs)
    return moved["out"]


def test_a_product_moves_by_some_units() -> None:
    """A product of an input and a weight moves by about one unit of each."""
    model = Model([Variable([3.0] * 100)], lambda x, w: x.astype("float64") * w)
    moved = movement(model, np.full(100, 2.0, "float32"))
    assert 0.5 * 12 * UNIT < moved.max() <= 12 * UNIT * 1.3


def test_a_difference_moves_as_far_as_what_it_is_of() -> None:
    """What cancels keeps the rounding of what it is the difference of."""
    model = Model([Variable([1000.0, -1000.0])], lambda x, w: np.sum(x.astype("float64") * w, keepdims=True))
    moved = movement(model, np.array([1.0, 1.0 - 1e-6], "float32"))
    assert moved.max() > 0.3 * 1000 * UNIT


def test_lower_precision_moves_further() -> None:
    """In half precision everything moves as far as that rounds, also where the weights are wider."""
    model = Model([Variable([3.0] * 100)], lambda x, w: x.astype("float64") * w)
    moved = movement(model, np.full(100, 2.0, "float32"), 2.0**-11)
    assert moved.max() > 0.5 * 12 * 2.0**-11


@pytest.mark.parametrize("broken", [False, True])
def test_weights_are_put_back(*, broken: bool) -> None:
    """Whatever happens, the model has its own weights again, to the last place."""
    weight = Variable(np.random.RandomState(0).normal(size=50))
    before, calls = weight.numpy(), []

    def call(inputs: Any, weights: Any) -> Any:
        calls.append(weights)
        if broken and len(calls) > 1:
            raise ValueError("no")
        return inputs * weights

    model = Model([weight], call)
    inputs = np.ones(50, "float32")
    if broken:
        with pytest.raises(ValueError, match="no"):
            movement(model, inputs)
    else:
        movement(model, inputs)
    assert len(calls) > 1
    assert (calls[1] != before).all()
    assert np.array_equal(weight.value, before)


def test_whole_numbers_stay() -> None:
    """Whole numbers are no matter of rounding, be they inputs, weights or outputs."""
    steps = Variable([7], "int64")
    model = Model([steps], lambda x, w: x + w)
    inputs = np.array([1, 2, 3])
    assert noise.movement(model, inputs, UNIT, model.outputs(inputs), model.outputs) == {}
    assert steps.value.tolist() == [7]
