"""Layers, models and an optimizer that can be written, read and asked for what the harness observes."""

import contextlib
import itertools
import json
import sys
import types
from pathlib import Path

import numpy as np

import tensorflow
from tensorflow import Tensor

__version__ = tensorflow.__version__
_numbers = itertools.count()


class Layer:
    """The identity, with a name."""

    def __init__(self, name=None, input_shape=None):
        self.name = name or f"{type(self).__name__.lower()}_{next(_numbers)}"
        self.weights = []
        self.output = None

    def __call__(self, values):
        """Call it."""
        return self.call(values)

    def call(self, values):
        """Return the values."""
        return Tensor(values)

    def get_weights(self):
        """Return the arrays."""
        return list(self.weights)


class Dense(Layer):
    """A matrix and a bias."""

    def __init__(self, units, name=None, input_shape=None):
        super().__init__(name)
        self.units = units

    def call(self, values):
        """Multiply, with weights of the same seed every time they are made."""
        values = np.asarray(values)
        if not self.weights:
            random = np.random.RandomState(self.units)
            kernel = random.uniform(-1, 1, (values.shape[-1], self.units)).astype("float32")
            self.weights = [kernel, np.zeros(self.units, "float32")]
        return Tensor(values @ self.weights[0] + self.weights[1])


class Model:
    """Layers in a row, or what some layers of another model give."""

    def __init__(self, inputs=None, outputs=None):
        self.layers, self.inputs = [], inputs
        self._taps = outputs
        self.optimizer = None

    def __call__(self, inputs, training=False):
        """Return a tensor; for taps, one for each."""
        if self._taps is not None:
            return [Tensor(self.inputs.until(layer, inputs)) for layer in self._taps]
        return Tensor(self.until(self.layers[-1], inputs))

    def until(self, last, inputs):
        """Return what a layer gives."""
        values = np.asarray(inputs)
        for layer in self.layers:
            values = np.asarray(layer(values))
            if layer is last:
                return values
        raise ValueError("no such layer")

    def predict(self, inputs):
        """Return an array."""
        return self(inputs).numpy()

    @property
    def weights(self):
        """Return all arrays."""
        return self.get_weights()

    def get_weights(self):
        """Return all arrays."""
        return [array for layer in self.layers for array in layer.weights]

    def set_weights(self, arrays):
        """Replace all arrays."""
        left = list(arrays)
        for layer in self.layers:
            layer.weights = [left.pop(0) for _ in layer.weights]

    def compile(self, optimizer, loss="mse"):
        """Take an optimizer; the loss is the mean squared error."""
        self.optimizer = optimizer

    def train_on_batch(self, inputs, targets):
        """Make one step, towards zero, and return the loss before it."""
        loss = float(np.mean((self.predict(inputs) - np.asarray(targets)) ** 2))
        self.set_weights([self.optimizer.step(array) for array in self.get_weights()])
        return loss

    def save(self, path):
        """Write JSON: to a directory if the path has no suffix."""
        optimizer = self.optimizer and vars(self.optimizer)
        layers = [(type(layer).__name__, layer.name, [w.tolist() for w in layer.weights]) for layer in self.layers]
        if not Path(path).suffix:
            Path(path).mkdir(parents=True)
        _file(path).write_text(json.dumps({"layers": layers, "optimizer": optimizer}), encoding="utf-8")


class Sequential(Model):
    """Layers in a row."""

    def __init__(self, layers):
        super().__init__()
        self.layers, self.inputs = list(layers), self
        for layer in self.layers:
            layer.output = layer


class SGD:
    """An optimizer that counts its steps, and remembers the last one."""

    def __init__(self, rate=0.1, steps=0, momentum=(0.0,)):
        self.rate, self.steps, self.momentum = rate, steps, list(momentum)

    def step(self, array):
        """Return the array after one step."""
        self.steps += 1
        return (array * (1 - self.rate)).astype(array.dtype)

    @property
    def iterations(self):
        """Return the steps."""
        return Tensor(self.steps)

    @property
    def learning_rate(self):
        """Return the rate."""
        return Tensor(self.rate)

    @property
    def variables(self):
        """Return the state."""
        return [Tensor(self.steps), Tensor(np.asarray(self.momentum))]


def _file(path):
    return Path(path, "model.json") if Path(path).is_dir() else Path(path)


def load_model(path, custom_objects=None, compile=True, safe_mode=True):  # noqa: A002  (as Keras calls it)
    """Return a model; what the file's ``refuses`` names must not be asked for, or must be given, as a class by name."""
    stored = json.loads(_file(path).read_text(encoding="utf-8"))
    given = {"compile": not compile, "safe_mode": not safe_mode, **(custom_objects or {})}
    for name, message in stored.get("refuses", {}).items():
        if not given.get(name):
            raise ValueError(message)
    model = Sequential([])
    for kind, name, arrays in stored["layers"]:
        layer = Dense(len(arrays[1]), name=name) if kind == "Dense" else Layer(name)
        layer.output = layer
        layer.weights = [np.asarray(array, "float32") for array in arrays]
        model.layers.append(layer)
    if stored["optimizer"] and compile:
        model.compile(SGD(**stored["optimizer"]))
    return model


@contextlib.contextmanager
def _scope(objects):
    yield objects


layers = types.SimpleNamespace(Layer=Layer, Dense=Dense)
models = types.ModuleType("tensorflow.keras.models")
models.load_model = load_model
sys.modules[models.__name__] = models
utils = types.SimpleNamespace(custom_object_scope=_scope)
optimizers = types.SimpleNamespace(SGD=SGD)
