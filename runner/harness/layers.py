"""What a model is made of: its layers, what each is configured to do, and what each knows that is no weight."""

import json

import numpy as np

CONFIG_CHARACTERS = 2000
STATE_BYTES = 16 * 2**20
VOCABULARY = 200000
LIBRARIES = ("keras", "tensorflow", "tensorflow_core", "tf_keras")


def walk(model):
    """
    Return (path, layer) for every layer, those of nested models behind their model, shared ones once.

    The parts of a library's own layers (the cell of an LSTM, what a wrapper wraps) are left to the layer.
    """
    found, seen = [], {id(model)}

    def visit(parent, prefix):
        for layer in _children(parent):
            if id(layer) not in seen:
                seen.add(id(layer))
                found.append((prefix + layer.name, layer))
                visit(layer, prefix + layer.name + "/")

    visit(model, "")
    return found


def _children(layer):
    children = getattr(layer, "layers", None)
    if isinstance(children, (list, tuple)):
        return [child for child in children if hasattr(child, "name")]
    if type(layer).__module__.split(".")[0] in LIBRARIES or not hasattr(layer, "_flatten_layers"):
        return []
    return list(layer._flatten_layers(recursive=False, include_self=False))


def owners(model):
    """Return, by the identity of each weight, its place in the model, its innermost layer and its short name."""
    found = {}
    for place, (path, layer) in enumerate(walk(model)):
        for weight in getattr(layer, "weights", []):
            found[id(weight)] = (place, path, short_name(weight))
    return found


def short_name(weight):
    """Return ``kernel`` for ``dense/kernel:0``."""
    return getattr(weight, "name", "weight").split(":")[0].split("/")[-1]


def described(model):
    """Return what each layer is and the arguments that it was made with, each as JSON."""
    return [
        {"layer": path, "class_name": type(layer).__name__, "config": _config(layer)} for path, layer in walk(model)
    ]


def _config(layer):
    try:
        config = layer.get_config()
    except Exception:  # a layer of one's own need not have one
        return {}
    return {str(key): text for key, text in ((key, _json(value)) for key, value in config.items()) if text}


def _json(value):
    """Return None for what is too long to be read, such as the layers of a model or the byte code of a function."""
    try:
        text = json.dumps(value, sort_keys=True, default=_plain)
    except (TypeError, ValueError):
        return None
    return text if len(text) <= CONFIG_CHARACTERS else None


def _plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    if isinstance(value, (set, tuple)) or hasattr(value, "__iter__"):
        return list(value)
    return getattr(value, "__name__", None) or type(value).__name__


def state(tf, model):
    """
    Return (layer, name, array) for what layers know besides their weights.

    That is the vocabulary of a lookup, the boundaries of a discretization, and every array that is an attribute: the
    mean and the variance that a normalization works with, a variable that Keras does not count.
    """
    found = []
    for path, layer in walk(model):
        found.extend((path, name, value) for name, value in _attributes(tf, layer))
        if callable(getattr(layer, "get_vocabulary", None)):
            found.append((path, "vocabulary", _vocabulary(layer)))
        boundaries = getattr(layer, "bin_boundaries", None)
        if isinstance(boundaries, (list, tuple)):
            found.append((path, "bin_boundaries", np.asarray(boundaries, "float64")))
    return found


def _attributes(tf, layer):
    weights = {id(weight) for weight in getattr(layer, "weights", [])}
    for name, value in sorted(vars(layer).items()):
        if isinstance(value, (np.ndarray, tf.Tensor, tf.Variable)) and id(value) not in weights:
            array = _array(tf, value)
            if array is not None and array.dtype.kind in "biufc" and array.nbytes <= STATE_BYTES:
                yield name, array


def _array(tf, value):
    if isinstance(value, np.ndarray):
        return value
    return value.numpy() if tf.executing_eagerly() and hasattr(value, "numpy") else None


def _vocabulary(layer):
    """Return the words of a lookup as text, without the tokens for nothing and for unknown; none if it has none."""
    try:
        words = layer.get_vocabulary(include_special_tokens=False)
    except TypeError:
        words = _without_special(layer.get_vocabulary())
    except Exception:  # a table that nobody filled
        words = []
    words = [_text(word) for word in words[:VOCABULARY]]
    array = np.empty(len(words), dtype=object)
    array[:] = words
    return array


def _without_special(words):
    """Return the words behind the tokens, for versions of which one cannot ask them alone."""
    words = list(words)
    while words and _text(words[0]) in (b"", b"[UNK]", b"-1", b"0"):
        del words[0]
    return words


def _text(word):
    return word if isinstance(word, bytes) else str(word).encode("utf-8")
