"""Inputs for a model that came without any: of its shapes and dtypes, the same every time."""

import numpy as np

from .scripts import ScenarioError

BATCH = 4
_SIDE = 32  # of an image whose size the model leaves open
_STEPS = 8  # of a sequence whose length it leaves open
_WORDS = np.array(["alpha", "beta", "gamma", "delta"], dtype=object)


def inputs(tf, model):
    """
    Return one array, or a list or dict of arrays, of shape ``(4, *features)``; what is left open gets a size.

    Integers are 0 or 1, which every vocabulary has; text is words that none may have.

    Raises:
        ScenarioError: If the model does not say what it takes.
    """
    random, named = np.random.RandomState(0), _named(model)
    if named:
        return {name: _array(tf, named[name], random) for name in sorted(named)}
    specs = getattr(model, "inputs", None) or _specs(tf, model)
    if not specs:
        raise ScenarioError("the loaded model does not say what inputs it takes")
    made = [_array(tf, spec, random) for spec in specs]
    return made if len(made) > 1 else made[0]


def _named(model):
    """Return the inputs of a graph that takes them by name; None for any other."""
    for place in ("_inputs_struct", "_nested_inputs"):
        found = getattr(model, place, None)
        if isinstance(found, dict) and all(hasattr(each, "shape") for each in found.values()):
            return found
    return None


def _specs(tf, model):
    """Return what a model without a graph of layers keeps of the inputs that it was built or called with."""
    spec = getattr(model, "_saved_model_inputs_spec", None)
    if spec is not None:
        return [each for each in tf.nest.flatten(spec) if hasattr(each, "shape")]
    config = getattr(model, "get_build_config", lambda: None)() or {}
    shape = config.get("input_shape")
    shapes = [] if shape is None else [shape] if _is_shape(shape) else list(shape)
    return [tf.TensorSpec(tuple(each), tf.float32) for each in shapes if _is_shape(each)]


def _is_shape(value):
    return bool(value) and all(size is None or isinstance(size, int) for size in tuple(value))


def _array(tf, spec, random):
    shape = [BATCH] + [size or _open(len(spec.shape)) for size in list(spec.shape)[1:]]
    dtype = tf.as_dtype(spec.dtype)
    if dtype == tf.string:
        return random.choice(_WORDS, size=shape)
    if dtype.is_floating:
        return random.normal(size=shape).astype(dtype.as_numpy_dtype)
    return random.randint(0, 2, size=shape).astype(dtype.as_numpy_dtype)


def _open(rank):
    return _SIDE if rank >= 4 else _STEPS
