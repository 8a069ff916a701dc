"""
A stand-in for TensorFlow: what the harness uses of it, in NumPy, so that the real harness runs in milliseconds.

The variable ``FAKE_TENSORFLOW`` is its version, ``FAKE_IMPORT`` is Python that runs when it is imported.
"""

import os
import types

import numpy as np

exec(os.environ.get("FAKE_IMPORT", ""))  # noqa: S102  (how a test makes this import fail, hang or crash)

__version__ = os.environ.get("FAKE_TENSORFLOW", "0.0.0")


class Tensor:
    """An array that is no array, and knows text as bytes."""

    def __init__(self, value):
        value = np.asarray(value)
        text = value.dtype.kind == "U" or any(isinstance(item, str) for item in value.flat)
        self._value = np.char.encode(value.astype(str), "utf-8").astype(object) if text else value
        self.shape, self.dtype = self._value.shape, self._value.dtype

    def numpy(self):
        """Return the array."""
        return self._value

    def __array__(self, dtype=None, copy=None):
        """Return the array, as `numpy.asarray` asks for it."""
        return self._value if dtype is None else self._value.astype(dtype)


class Variable(Tensor):
    """A tensor that may change."""


def constant(value):
    """Return a tensor."""
    return Tensor(value)


def ones(shape):
    """Return a tensor of ones."""
    return Tensor(np.ones(shape, "float32"))


def executing_eagerly():
    """Tell that there are no graphs here."""
    return True


def _flatten(value):
    if isinstance(value, dict):
        return [leaf for name in sorted(value) for leaf in _flatten(value[name])]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _flatten(item)]
    return [value]


nest = types.SimpleNamespace(flatten=_flatten)
lite = types.SimpleNamespace()
random = types.SimpleNamespace(set_seed=lambda number: None)

from tensorflow import keras as keras  # noqa: E402  (it uses what is above)
