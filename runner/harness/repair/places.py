"""The weights of a model that is there, with the names under which the formats keep them."""

import re

import numpy as np

from . import stored

# What Keras keeps in a layer besides its parts: lists of the same parts, of variables, and of how it was called.
_BOOKKEEPING = re.compile(
    r"_(self|obj|saved_model|compiled|inbound|outbound|tf)_\w+|_?(non_)?trainable_(variables|weights)|_?seed_generators|"
    r"_?(layers|operations\w*|metrics|optimizer|losses|updates|nodes\w*|tracker|loss_tracker|functional|network_nodes)"
)


def of(tf, model):
    """
    Return a `stored.Entry` for every weight of a model, in its layers' order.

    Its value is the variable; its names are those of all styles.
    """
    paths, attributes = _Paths(tf, model), _Paths(tf, model, by_attributes=True)
    entries, seen = [], set()
    for number, layer in _with_weights(model):
        for variable in list(layer.trainable_weights) + list(layer.non_trainable_weights):
            if id(variable) not in seen and _is_variable(variable):
                seen.add(id(variable))
                entries.append(_entry(paths, layer, number, variable))
    for variable in model.weights:
        if id(variable) not in seen and _is_variable(variable):
            seen.add(id(variable))
            entries.append(_entry(paths, model, (), variable))
    for entry in entries:
        entry.names["attributes"] = attributes.plain(entry.value) or entry.names["path"]
    _rank(entries, "path")
    _rank(entries, "attributes")
    return [entry for entry in entries if entry.counts()]


def _is_variable(value):
    """Tell variables from the handles of tables, which some layers list among their weights."""
    return hasattr(value, "shape") and hasattr(value, "assign")


def _with_weights(model, numbers=()):
    """Yield (the numbers of the layers with weights that lead to it, layer) for every layer that is no model."""
    index = 0
    for layer in getattr(model, "layers", None) or []:
        if not layer.weights:
            continue
        here = numbers + ("layer_with_weights-{}".format(index),)
        index += 1
        if getattr(layer, "layers", None) and hasattr(layer, "predict"):
            for pair in _with_weights(layer, here):
                yield pair
        yield here, layer


def _entry(paths, layer, number, variable):
    name = str(getattr(variable, "path", None) or variable.name).split(":")[0].split("/")
    path = paths.found.get(id(variable), (layer.name,) + tuple(name))
    inside = tuple(word for word in path[path.index("|") + 1 : -2]) if "|" in path else ()
    names = {
        "path": tuple(word for word in path if word != "|"),
        "name": tuple(name if layer.name in name else [layer.name] + name),
        "numbered": number + inside + (name[-1],),
        "last": (name[-1],),
    }
    dtype = getattr(variable.dtype, "name", variable.dtype)
    return stored.Entry(names, variable, [int(size) for size in variable.shape], dtype)


def _rank(entries, style):
    for entry, path in zip(entries, stored.ranked([list(entry.names[style]) for entry in entries])):
        entry.names[style] = path


class _Paths:
    """
    Where the archive formats keep every variable: the way of containers and attributes that leads to it.

    ``|`` stands in a path after the last layer of a model, where its own attributes begin.

    Args:
        by_attributes: Go through the attributes of a subclassed model, as newer versions do, not through its layers.
    """

    def __init__(self, tf, model, by_attributes=False):
        self._layer = tf.keras.layers.Layer
        self._by_attributes = by_attributes
        self.found = {}
        self._seen = set()
        self._model(model, ())

    def plain(self, variable):
        """Return the path of a variable without the mark; empty if none leads to it."""
        return tuple(word for word in self.found.get(id(variable), ()) if word != "|")

    def _model(self, model, path):
        if self._by_attributes and not _is_graph(model):
            self._layer_at(model, path)
            return
        if id(model) in self._seen:
            return
        self._seen.add(id(model))
        self._members(getattr(model, "layers", None) or [], path + ("layers",), whole=True)
        self._own(model, path)

    def _members(self, members, path, whole=False):
        counts = {}
        for member in members:
            if not isinstance(member, self._layer):
                continue
            base = snake(type(member).__name__)
            name = "{}_{}".format(base, counts[base]) if counts.get(base) else base
            counts[base] = counts.get(base, 0) + 1
            if _is_model(member):
                self._model(member, path + (name,))
            else:
                self._layer_at(member, path + (name,) + (("|",) if whole else ()))

    def _layer_at(self, layer, path):
        if id(layer) in self._seen:
            return
        self._seen.add(id(layer))
        self._own(layer, path)
        for name in sorted(vars(layer)):
            if not _BOOKKEEPING.fullmatch(name):
                self._attribute(vars(layer)[name], path + (name,))

    def _attribute(self, value, path):
        if isinstance(value, self._layer):
            self._model(value, path) if _is_model(value) else self._layer_at(value, path)
        elif isinstance(value, (list, tuple)):
            self._members(list(value), path)
        elif isinstance(value, dict):
            self._members(list(value.values()), path)

    def _own(self, layer, path):
        own = []
        for kind in ("trainable", "non_trainable"):
            for suffix in ("variables", "weights"):
                listed = vars(layer).get("_{}_{}".format(kind, suffix))
                if isinstance(listed, (list, tuple)):
                    own.extend(listed)
                    break
        for index, variable in enumerate(own):
            self.found.setdefault(id(variable), path + ("vars", str(index)))


def _is_model(layer):
    return hasattr(layer, "predict") and bool(getattr(layer, "layers", None))


def _is_graph(model):
    """Tell models that are made of their layers from those whose class says how they are called."""
    return any(cls.__name__ in ("Functional", "Sequential") for cls in type(model).__mro__)


def snake(name):
    """Return a class's name as the archive formats write it."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def value(tf, variable):
    """Return a variable's value as an array."""
    if tf.executing_eagerly():
        return np.asarray(variable.numpy() if hasattr(variable, "numpy") else variable)
    return np.asarray(tf.compat.v1.keras.backend.get_value(variable))


def assign(tf, variable, array):
    """Give a variable a value."""
    if tf.executing_eagerly():
        variable.assign(np.asarray(array))
    else:
        tf.compat.v1.keras.backend.set_value(variable, array)
