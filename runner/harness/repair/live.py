"""What the Keras that will load an artifact has: classes by kind and name, and what it makes of a configuration."""

import copy
import inspect
import re
import sys

_NAMESPACES = {
    "layer": ("layers", "models", "layers.experimental.preprocessing", "layers.experimental"),
    "initializer": ("initializers",),
    "regularizer": ("regularizers",),
    "constraint": ("constraints",),
    "optimizer": ("optimizers", "optimizers.experimental", "optimizers.legacy"),
    "schedule": ("optimizers.schedules",),
    "loss": ("losses",),
    "metric": ("metrics",),
    "policy": ("", "dtype_policies", "mixed_precision"),
}
_BASES = {
    "layer": ("layers.Layer",),
    "initializer": ("initializers.Initializer",),
    "regularizer": ("regularizers.Regularizer",),
    "constraint": ("constraints.Constraint",),
    "optimizer": ("optimizers.Optimizer", "optimizers.legacy.Optimizer", "optimizers.experimental.Optimizer"),
    "schedule": ("optimizers.schedules.LearningRateSchedule",),
    "loss": ("losses.Loss",),
    "metric": ("metrics.Metric",),
}
_SYNONYMS = {"Functional": ("Model",), "Model": ("Functional",), "SyncBatchNormalization": ("BatchNormalization",)}


class Live:
    """
    The imported Keras, asked by name.

    Args:
        tf: The imported TensorFlow.
        custom_objects: Classes and functions by the name under which the artifact has them.
    """

    def __init__(self, tf, custom_objects=None):
        self.tf = tf
        self.keras = tf.keras
        self.custom_objects = dict(custom_objects or {})
        self.version = str(getattr(tf.keras, "__version__", "2"))
        self.major = int(self.version.split(".")[0])
        self._single_ends = None
        self.root = tf.keras.layers.Layer.__module__.split(".")[0]

    def attribute(self, path):
        """Return what stands at a dotted path below the public Keras, or None."""
        found = self.keras
        for part in path.split(".") if path else []:
            found = getattr(found, part, None)
        return found

    def registered(self, name):
        """Return the custom class or function of that name, or None."""
        if name in self.custom_objects:
            return self.custom_objects[name]
        for place in ("saving", "utils"):
            look_up = self.attribute(place + ".get_registered_object")
            if look_up is not None:
                return look_up(name)
        return None

    def find(self, name, kind, module=""):
        """
        Return (the class, the public namespace that has it or ""), or (None, "").

        Args:
            module: Where the saving Keras had it: an operation there is not the layer of the same name.
        """
        if ".ops." in module or module.endswith(".ops"):
            return self.operation(name), ""
        for candidate in (name, re.sub(r"V\d$", "", name)) + _SYNONYMS.get(name, ()):
            for namespace in _NAMESPACES[kind]:
                found = getattr(self.attribute(namespace), candidate, None)
                if inspect.isclass(found):
                    return found, namespace
            found = self._hidden(candidate, self._bases(kind), "")
            if found is not None:
                return found, ""
        # Keras 3 writes operations among the layers, and into HDF5 files without their module.
        return (self.operation(name), "") if kind == "layer" and self.major >= 3 and not module else (None, "")

    def operation(self, name):
        """Return the operation of Keras 3 of that name, or None."""
        return self._hidden(name, None, ".ops.")

    def _bases(self, kind):
        found = [self.attribute(path) for path in _BASES.get(kind, ())]
        return tuple(base for base in found if inspect.isclass(base))

    def _hidden(self, name, bases, within):
        """Look through the modules of this Keras for a class that is not public, of one of the kind's bases."""
        for path, module in sorted(sys.modules.items()):
            inside = path.startswith(self._package()) and within in path + "."
            found = vars(module).get(name) if inside and module is not None else None
            if inspect.isclass(found) and found.__module__ == path and (bases is None or issubclass(found, bases)):
                return found
        return None

    def _package(self):
        return "tensorflow.python.keras." if self.root == "tensorflow" else self.root + "."

    def deserializer(self):
        """Return what makes an object of a ``.keras`` configuration; 2.12 has it under no public name."""
        for path in (".src.saving.serialization_lib", ".saving.serialization_lib"):
            if self.root + path in sys.modules:
                return sys.modules[self.root + path].deserialize_keras_object
        return self.attribute("saving.deserialize_keras_object")

    def misreads(self, thing, cls):
        """Tell whether the reader of plain HDF5 configurations fails for what the class itself takes."""
        reader = getattr(sys.modules.get(self.root + ".src.legacy.saving.saving_utils"), "model_from_config", None)
        make = getattr(cls, "from_config", None)
        if reader is None or make is None or "layers" in thing["config"]:
            return False
        plain = {"class_name": thing["class_name"], "config": thing["config"]}
        return self.error(make, thing["config"]) is None and self.error(reader, plain) is not None

    def takes_single_ends(self):
        """Tell whether this Keras writes, and so reads, a model's only input without a list around it."""
        if self._single_ends is None:
            given = self.keras.Input((1,), name="input")
            model = self.keras.Model(given, self.keras.layers.Flatten(name="flatten")(given))
            self._single_ends = isinstance(model.get_config()["input_layers"][0], str)
        return self._single_ends

    def error(self, make, *given):
        """Return what `make` raises when it is given copies, or None: the Keras itself is the judge."""
        try:
            with self.keras.utils.custom_object_scope(self.custom_objects):
                made = make(*[_decoded(copy.deepcopy(value)) for value in given])
        except Exception as error:
            return error
        return _incomplete(made)


def _decoded(value):
    """Return what Keras 2 makes of a configuration's JSON: it writes tuples and shapes as objects with items."""
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"class_name", "items"}:
        return tuple(_decoded(item) for item in value["items"])
    return {key: _decoded(item) for key, item in value.items()}


def _incomplete(made):
    """Return an error for what was made, but of a function that stayed a name."""
    function = getattr(made, "_fn", None) or getattr(made, "fn", None)
    return TypeError("'{}' is no function".format(function)) if isinstance(function, str) else None


def named_arguments(cls):
    """Return the names that a class's constructor takes, those of its parents too where it hands on the rest."""
    names = set()
    for parent in cls.__mro__:
        if "__init__" not in vars(parent):
            continue
        try:
            parameters = inspect.signature(parent.__init__).parameters.values()
        except (TypeError, ValueError):
            break
        names.update(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
        if not any(p.kind == p.VAR_KEYWORD for p in parameters):
            break
    return names - {"self"}
