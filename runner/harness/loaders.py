"""The loaders that a scenario without a load script of its own gets, one for each format."""

import glob
import os
import re

import numpy as np

from .scripts import ScenarioError


def load(tf, file_format, path):
    """
    Load `path` as its format's default loader does.

    Returns:
        A Keras model, or a callable of the inputs.
    """
    return _LOADERS[file_format](tf, path)


def write(tf, model, file_format, path):
    """
    Write a Keras model to `path`.

    Raises:
        Exception: Whatever this Keras raises, such as for a format that it does not write.
    """
    if file_format != "export":
        model.save(path)
    elif hasattr(model, "export"):
        model.export(path)
    else:
        tf.saved_model.save(model, path)


def check_written(path):
    """Refuse a save that left nothing where it was to write."""
    if os.path.exists(path) or glob.glob(glob.escape(path) + "*"):
        return
    beside = glob.glob(os.path.join(glob.escape(os.path.dirname(path)), "*"))
    written = ", ".join(sorted(map(os.path.basename, beside))) or "nothing"
    raise ScenarioError(
        "save(path) returned, but nothing is at {} (its folder holds: {})".format(os.path.basename(path), written)
    )


def has(file_format):
    """Tell whether a format has a default loader."""
    return file_format in _LOADERS


def _keras(tf, path):
    return tf.keras.models.load_model(path)


class Signature:
    """The ``serving_default`` signature of a SavedModel, called with the inputs as the scenario gives them."""

    def __init__(self, loaded):
        self.signatures = loaded.signatures
        self._loaded = loaded
        self._function = loaded.signatures["serving_default"]

    def __call__(self, inputs):
        return self._function(**by_name(inputs, self._function.structured_input_signature[1]))


def saved_model(tf, path):
    """Return the signature that a SavedModel serves, loaded without Keras; what has none is called as it is."""
    if not tf.executing_eagerly():
        tf.compat.v1.enable_eager_execution()
    loaded = tf.compat.v2.saved_model.load(path)
    return Signature(loaded) if "serving_default" in loaded.signatures or not callable(loaded) else loaded


class TFSMLayer:
    """The ``serving_default`` signature of a SavedModel as a layer of Keras 3."""

    def __init__(self, tf, path):
        names = list(tf.saved_model.load(path).signatures)
        endpoint = "serving_default" if "serving_default" in names else names[0] if names else "serve"
        self._layer = tf.keras.layers.TFSMLayer(path, call_endpoint=endpoint)

    def __call__(self, inputs):
        function = self._layer.call_endpoint_fn
        specs = getattr(function, "structured_input_signature", ((), {}))[1]
        if len(specs) < 2:
            return self._layer(inputs)
        return self._layer(**by_name(inputs, specs))


class Interpreter:
    """A TensorFlow Lite interpreter, called with the inputs as the scenario gives them."""

    def __init__(self, tf, path):
        self._interpreter = tf.lite.Interpreter(model_path=path)

    def __call__(self, inputs):
        interpreter = self._interpreter
        details = {detail["name"]: detail for detail in interpreter.get_input_details()}
        chosen = by_name(inputs, details)
        for name, value in chosen.items():
            interpreter.resize_tensor_input(details[name]["index"], value.shape)
        interpreter.allocate_tensors()
        for name, value in chosen.items():
            interpreter.set_tensor(details[name]["index"], np.asarray(value))
        interpreter.invoke()
        return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def by_name(inputs, specs):
    """Give every input the name that the artifact has for it: its own, else by order, the right shape first."""
    if isinstance(inputs, dict) and set(inputs) == set(specs):
        return inputs
    values = list(inputs.values()) if isinstance(inputs, dict) else inputs if isinstance(inputs, list) else [inputs]
    if len(values) != len(specs):
        raise TypeError("the artifact takes {} inputs ({}), not {}".format(len(specs), ", ".join(specs), len(values)))
    names, chosen = sorted(specs, key=_natural), {}
    for value in values:
        name = next((name for name in names if _fits(value, specs[name])), names[0])
        names.remove(name)
        chosen[name] = value
    return chosen


def _natural(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _fits(value, spec):
    shape = spec.get("shape_signature", spec["shape"]) if isinstance(spec, dict) else spec.shape
    sizes = [getattr(size, "value", size) for size in shape]
    return len(sizes) == len(value.shape) and all(
        want in (None, -1, have) or index == 0 for index, (want, have) in enumerate(zip(sizes, value.shape))
    )


_LOADERS = {
    "h5": _keras,
    "keras": _keras,
    "savedmodel": _keras,
    "export": saved_model,
    "tflite": Interpreter,
}
