"""The loaders that a scenario without a load script of its own gets, one for each format."""

import re

import numpy as np


def load(tf, file_format, path):
    """
    Load `path` as its format's default loader does.

    Returns:
        A Keras model, or a callable of the inputs.
    """
    return _LOADERS[file_format](tf, path)


def _keras(tf, path):
    return tf.keras.models.load_model(path)


class Signature:
    """The ``serving_default`` signature of a SavedModel, called with the inputs as the scenario gives them."""

    def __init__(self, loaded):
        self._loaded = loaded
        self._function = loaded.signatures["serving_default"]

    def __call__(self, inputs):
        return self._function(**_by_name(inputs, self._function.structured_input_signature[1]))


def _export(tf, path):
    if not tf.executing_eagerly():
        tf.compat.v1.enable_eager_execution()
    return Signature(tf.compat.v2.saved_model.load(path))


class Interpreter:
    """A TensorFlow Lite interpreter, called with the inputs as the scenario gives them."""

    def __init__(self, tf, path):
        self._interpreter = tf.lite.Interpreter(model_path=path)

    def __call__(self, inputs):
        interpreter = self._interpreter
        details = {detail["name"]: detail for detail in interpreter.get_input_details()}
        chosen = _by_name(inputs, details)
        for name, value in chosen.items():
            interpreter.resize_tensor_input(details[name]["index"], value.shape)
        interpreter.allocate_tensors()
        for name, value in chosen.items():
            interpreter.set_tensor(details[name]["index"], np.asarray(value))
        interpreter.invoke()
        return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def _by_name(inputs, specs):
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
    "export": _export,
    "tflite": Interpreter,
}
