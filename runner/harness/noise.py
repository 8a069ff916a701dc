"""
How much a model amplifies rounding: how far its outputs move when all that it computes with moves by the last place.

Two releases add the same numbers up in another order. What that can do to a model is seen without the other release:
each weight and each input is moved by one unit in the last place of the lowest precision that the model computes in, up
or down, which is as far as one rounding moves it.
"""

import time

import numpy as np

from . import layers, observe

PROBES = 3
SECONDS = 0.5
UNITS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-11, "bfloat16": 2.0**-8}


def unit(model, pairs):
    """
    Return the relative size of one rounding, in the lowest precision that a layer with weights computes in.

    Args:
        pairs: The outputs as (name, array).
    """
    computing = [layer for _, layer in layers.walk(model) if getattr(layer, "weights", None)]
    names = {_dtype(getattr(layer, "compute_dtype", None) or getattr(layer, "dtype", None)) for layer in computing}
    names |= {_dtype(getattr(array, "dtype", None)) for _, array in pairs}
    return max([UNITS[name] for name in names if name in UNITS] or [UNITS["float32"]])


def _dtype(dtype):
    return getattr(dtype, "name", dtype)


def movement(model, inputs, size, before, call):
    """
    Return the largest movement of each number over a few calls, as float64 arrays.

    A model that takes long is called once only.

    Args:
        size: What `unit` returned.
        before: What `call` gives for inputs and weights as they are.
        call: Takes inputs, gives (key, array) pairs; those that are no floats are left out.
    """
    random, started = np.random.RandomState(0), time.perf_counter()
    before = dict(_floats(before))
    moved = {key: np.zeros(array.shape) for key, array in before.items()}
    variables = [variable for variable in _variables(model) if _is_float(variable)]
    kept = [np.array(variable.numpy()) for variable in variables]
    try:
        for probe in range(PROBES):
            if probe and time.perf_counter() - started > SECONDS:
                break
            for variable, value in zip(variables, kept):
                variable.assign(_nudged(value, size, random))
            for key, array in _floats(call(_structure(inputs, size, random))):
                if key in moved and moved[key].shape == array.shape:
                    moved[key] = np.maximum(moved[key], _apart(before[key], array))
    finally:
        for variable, value in zip(variables, kept):
            variable.assign(value)
    return moved


def _variables(model):
    found = getattr(model, "weights", None)
    return found if isinstance(found, (list, tuple)) else getattr(model, "variables", ())


def _apart(before, after):
    """Return how far numbers are apart, none where either is none or infinite."""
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.abs(after - before), nan=0.0, posinf=0.0)


def _floats(pairs):
    for key, value in pairs:
        array, _ = observe.as_array(value, key)
        if array.dtype.kind == "f":
            yield key, array.astype("float64")


def _is_float(variable):
    return _dtype(getattr(variable, "dtype", None)) in UNITS and hasattr(variable, "assign")


def _nudged(value, size, random):
    """Move each number by one unit of its own, or of `size` if that is more, up or down."""
    own = 2.0**-7 if value.dtype.kind == "V" else float(np.finfo(value.dtype).eps)
    wide = value.astype("float64")
    moved = wide * (1.0 + max(size, own) * random.choice([-1.0, 1.0], size=value.shape))
    return moved.astype(value.dtype)


def _structure(inputs, size, random):
    if isinstance(inputs, dict):
        return {name: _structure(inputs[name], size, random) for name in sorted(inputs)}
    if isinstance(inputs, list):
        return [_structure(value, size, random) for value in inputs]
    return _nudged(inputs, size, random) if inputs.dtype.kind == "f" else inputs
