"""
A stand-in for the Keras that will load a copy: a few classes whose constructors take what Keras's own take.

What `runner.harness.repair` asks of a Keras is which classes it has, and what they make of a configuration. The real
ones are asked in `tests/integration/test_repair.py`; here it is a million times.
"""

import contextlib
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Self


class Configured:
    """What is made of a configuration."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make one of its arguments."""
        return cls(**config)


class Layer(Configured):
    """A layer."""

    def __init__(self, name: str | None = None, trainable: bool = True, dtype: str | None = None) -> None:
        if dtype is not None and not isinstance(dtype, str):
            raise TypeError(f"no dtype: {dtype}")


class Dense(Layer):
    """A layer with an argument that it must have."""

    def __init__(self, units: int, activation: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(units, int) or units <= 0:
            raise ValueError(f"no number of units: {units}")


class InputLayer(Layer):
    """Where a graph begins."""

    def __init__(self, batch_shape: object = None, batch_input_shape: object = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Flatten(Layer):
    """A layer without arguments."""

    def __call__(self, given: object) -> object:
        """Return what is given."""
        return given


class Functional(Configured):
    """A model."""

    def __init__(self, inputs: object = None, outputs: object = None, **config: Any) -> None:
        self._single = inputs

    def get_config(self) -> dict[str, Any]:
        """Write a single input as the newest release does."""
        return {"input_layers": ["input", 0, 0]}

    def compile(self, optimizer: object = None, loss: object = None, metrics: object = None) -> None:
        """Take what models are compiled with."""


class Sequential(Functional):
    """A model without a graph."""


class Adam(Configured):
    """An optimizer."""

    def __init__(self, learning_rate: float = 0.001, name: str = "Adam") -> None:
        self.rate = float(learning_rate)


class MeanSquaredError(Configured):
    """A loss, or a metric."""

    def __init__(self, reduction: str = "auto", name: str = "mse") -> None:
        self.reduction = reduction


_NAMES: dict[str, type[Configured]] = {
    "Adam": Adam,
    "MeanSquaredError": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
}


def _deserialize(written: Any) -> Configured:
    """Make an optimizer, a loss or a metric of its name or its configuration."""
    if isinstance(written, str):
        return _NAMES[written]()
    return _NAMES[written["class_name"]].from_config(written["config"])


@contextlib.contextmanager
def _scope(objects: object) -> Iterator[object]:
    yield objects


def tensorflow(version: str) -> SimpleNamespace:
    """Return a TensorFlow with a Keras of that version."""
    layers = SimpleNamespace(Layer=Layer, Dense=Dense, InputLayer=InputLayer, Flatten=Flatten)
    keras = SimpleNamespace(
        __version__=version,
        Input=lambda shape, name: (shape, name),
        Model=Functional,
        layers=layers,
        models=SimpleNamespace(Functional=Functional, Model=Functional, Sequential=Sequential),
        optimizers=SimpleNamespace(Adam=Adam, Optimizer=Adam, deserialize=_deserialize),
        losses=SimpleNamespace(MeanSquaredError=MeanSquaredError, Loss=MeanSquaredError, deserialize=_deserialize),
        metrics=SimpleNamespace(MeanSquaredError=MeanSquaredError, Metric=MeanSquaredError, deserialize=_deserialize),
        initializers=SimpleNamespace(Initializer=Configured, get=_deserialize),
        regularizers=SimpleNamespace(Regularizer=Configured, get=_deserialize),
        constraints=SimpleNamespace(Constraint=Configured, get=_deserialize),
        utils=SimpleNamespace(custom_object_scope=_scope, get_registered_object=lambda name: None),
    )
    return SimpleNamespace(keras=keras)
