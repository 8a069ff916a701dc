"""Which parts of a model are code of its own, not Keras's: what has to be there again where it is loaded."""

import inspect

_LIBRARY = ("keras", "tensorflow", "tf_keras", "tensorflow_core", "numpy", "builtins")


def names(model):
    """Return the names of all classes and functions that a model uses and that are not Keras's or TensorFlow's."""
    parts = [model, getattr(model, "optimizer", None), getattr(model, "loss", None)] + _metrics(model) + _layers(model)
    values = [value for part in parts for value in [part] + _attributes(part)]
    return {name for value in values for name in _own_name(value)}


def _layers(model):
    """Return the layers, those inside of layers too."""
    try:
        inside = model._flatten_layers
    except AttributeError:  # before TensorFlow 2.3
        return list(getattr(model, "submodules", None) or getattr(model, "layers", []))
    return list(inside())


def _metrics(model):
    try:
        return list(model.metrics)
    except Exception:  # a model that was never built may refuse
        return []


def _attributes(part):
    """Return what a layer was given: activations, initializers, regularizers, a loss's function."""
    if not _is_keras_like(part):
        return []
    return [value for value in list(getattr(part, "__dict__", {}).values()) if _is_code(value)]


def _is_keras_like(value):
    return hasattr(value, "get_config") and not inspect.isclass(value)


def _is_code(value):
    return inspect.isfunction(value) or inspect.isclass(value) or _is_keras_like(value)


def _own_name(value):
    found = value if inspect.isfunction(value) or inspect.isclass(value) else type(value)
    root = str(getattr(found, "__module__", "builtins")).partition(".")[0]
    return [] if root in _LIBRARY else [found.__name__]
