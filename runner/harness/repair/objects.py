"""One configured object (a layer, an initializer, an optimizer ...) made acceptable to the Keras that will load it."""

import copy

from . import structure
from .live import named_arguments

# What these are made of is code or another file: they are never made on trial.
_RUN_CODE = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__"}
_ONLY_TRAINING = (
    "initializer",
    "regularizer",
    "constraint",
    "seed",
    "trainable",
    "implementation",
    "ema",
    "jit_compile",
)
_SPEED_OR_SHAPE = (
    "query_shape",
    "key_shape",
    "value_shape",
    "batch_input_shape",
    "fill_value",
    "fill_mode",
    "input_length",
    "is_legacy_optimizer",
    "renorm_momentum",
    "autocast",
    "dtype",
    "name",
    "fn",
)


def is_object(value):
    """Tell whether a part of a configuration is a class with its configuration."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("class_name"), str)
        and isinstance(value.get("config"), dict)
        and not value["class_name"].startswith("__")
    )


def runs_code(value):
    """Tell whether making this, or something in it, would run code that the artifact brings."""
    if isinstance(value, dict):
        return value.get("class_name") in _RUN_CODE or any(runs_code(item) for item in value.values())
    return isinstance(value, list) and any(runs_code(item) for item in value)


def label(thing):
    """Name an object as a reader knows it."""
    name = thing["config"].get("name")
    return "{} ({})".format(name, thing["class_name"]) if name else thing["class_name"]


class Repair:
    """
    The repair of one object, whose parts are repaired already.

    Args:
        live: The Keras that will load it.
        file_format: ``h5``, ``keras`` or ``savedmodel``.
        say: Called with every change, in words.
    """

    def __init__(self, live, file_format, say):
        self._live = live
        self._format = file_format
        self._say = say

    def class_of(self, thing, kind):
        """
        Find the object's class, and write where this Keras has it.

        Returns:
            The class, or None if it has none of that name.
        """
        registered, name = str(thing.get("registered_name") or ""), thing["class_name"]
        for key in (registered, name, registered.split(">")[-1]):
            custom = self._live.registered(key) if key else None
            if custom is not None:
                return custom
        plain = name.split(">")[-1]
        cls, namespace = self._live.find(plain, kind, str(thing.get("module") or ""))
        if cls is None:
            return None
        self._write_class(thing, plain, cls, namespace)
        return cls

    def knows(self, thing):
        """Tell whether there is a class for an object, by any of its names."""
        names = (str(thing.get("registered_name") or ""), thing["class_name"])
        if any(name and self._live.registered(name) is not None for name in names):
            return True
        return (
            self._live.find(thing["class_name"].split(">")[-1], "layer", str(thing.get("module") or ""))[0] is not None
        )

    def _write_class(self, thing, plain, cls, namespace):
        name = (
            plain
            if cls.__name__ == plain or (namespace and hasattr(self._live.attribute(namespace), plain))
            else cls.__name__
        )
        if thing["class_name"] != name:
            self._say("{}: class written as {}".format(label(thing), name))
            thing["class_name"] = name
        if "module" in thing:
            self._write_module(thing, name, cls, namespace)
        elif not namespace and self._live.major >= 3 and not _is_model(thing):
            # The HDF5 reader of Keras 3 looks plain names up among the public layers only.
            thing.update(module=cls.__module__, registered_name=None)
            self._say("{}: found in {}".format(label(thing), cls.__module__))

    def _write_module(self, thing, name, cls, namespace):
        module = thing["module"]
        known = module == cls.__module__
        if isinstance(module, str) and module.split(".")[0] == "keras":
            public = self._live.attribute(module.partition(".")[2])
            known = known or getattr(public, name, None) is cls
        if known:
            if thing.get("registered_name") and self._live.version.startswith("3") and namespace:
                thing["registered_name"] = None
            return
        thing["module"] = ("keras." + namespace).rstrip(".") if namespace else cls.__module__
        thing["registered_name"] = name if self._live.major < 3 else None
        self._say("{}: module {} written as {}".format(label(thing), module, thing["module"]))

    def arguments(self, thing, cls):
        """Take out what the class does not take, and write what it takes otherwise."""
        if runs_code(thing) or _is_model(thing):
            return
        make = getattr(cls, "from_config", None)
        if make is None or self._live.error(make, thing["config"]) is None:
            return
        for candidate, words in self._candidates(thing, cls, make):
            if self._live.error(make, candidate["config"]) is None:
                thing.clear()
                thing.update(candidate)
                for line in words:
                    self._say("{}: {}".format(label(thing), line))
                return

    def _candidates(self, thing, cls, make):
        """Yield (another way to write the object, what that changes), the smallest change first."""
        for ways in (
            (),
            (_lacking,),
            (_plain_policy,),
            (_parts_with_module,),
            (_parts_by_own_name,),
            (_own_dtype,),
            _ALL_WAYS,
        ):
            candidate, words = copy.deepcopy(thing), []
            for way in ways:
                words.extend(way(self._live, candidate))
            if ways and not words:
                continue
            yield candidate, words
            added = set(candidate["config"]) - set(thing["config"])
            words = words + self._without_refused(candidate, make, named_arguments(cls) | added)
            yield candidate, words

    def _without_refused(self, thing, make, named):
        config, words = thing["config"], []
        for key in refused(self._live, config, make, named):
            words.append(taken_out(key, config.pop(key)))
        return words


def refused(live, config, make, named):
    """Return the keys of a configuration that `make` refuses: none of `named`, and it works without them."""
    suspects = [key for key in config if key not in named]
    kept = {key: value for key, value in config.items() if key in named}
    if live.error(make, kept) is not None:
        return suspects
    for key in list(suspects):
        kept[key] = config[key]
        if live.error(make, kept) is None:
            suspects.remove(key)
        else:
            del kept[key]
    return suspects


def taken_out(key, value):
    """Say that an argument was taken out, and whether the model may be another one without it."""
    text = "argument {}={!r} taken out".format(key, value)
    return text if _is_quiet(key, value) else text + ": this version cannot express it, so the numbers may differ"


def _is_quiet(key, value):
    if value is None or value is False or (value in ([], {}, "", 1, "channels_last") and value is not True):
        return True
    return any(word in key for word in _ONLY_TRAINING) or key in _SPEED_OR_SHAPE


def _is_model(thing):
    return "layers" in thing["config"]


def _plain_policy(_live, thing):
    return structure.plain_policy(thing)


def _own_dtype(_live, thing):
    """Leave the dtype to a layer that takes only one, such as those of text: versions differ in what they call it."""
    dtype = thing["config"].pop("dtype", None)
    return [] if dtype is None else ["dtype={!r} taken out: this version knows it itself".format(dtype)]


def _lacking(live, thing):
    """Give an object the keys that its class asks for, with None: it is of a version that did not write them."""
    words, cls = [], live.find(thing["class_name"], "layer")[0]
    while cls is not None:
        error = live.error(cls.from_config, thing["config"])
        key = error.args[0] if isinstance(error, KeyError) and error.args else None
        if not isinstance(key, str) or key in thing["config"]:
            break
        thing["config"][key] = None
        words.append("argument {}=None added".format(key))
    return words


def _parts_by_own_name(live, thing):
    """Write the objects inside by their class's own name and module, where its public name is not read."""
    words = []
    for key, part in thing["config"].items():
        kind = kind_of(key, "layer")
        if is_object(part) and kind in ("initializer", "regularizer", "constraint"):
            cls = live.find(part["class_name"], kind)[0]
            if cls is not None and live.error(getattr(live.keras, kind + "s").get, part) is not None:
                part.update(class_name=cls.__name__, module=cls.__module__, registered_name=None)
                words.append("{} written as {}".format(key, cls.__name__))
    return words


def _parts_with_module(live, thing):
    """Write the objects inside with their modules: wrappers of Keras 3 look at nothing else."""
    words = []
    for key, part in thing["config"].items():
        for item in part if isinstance(part, list) else [part]:
            if is_object(item) and "module" not in item and live.major >= 3:
                cls, namespace = live.find(item["class_name"], kind_of(key, "layer"))
                if cls is not None:
                    item["module"] = "keras." + namespace if namespace else cls.__module__
                    item["registered_name"] = None
                    words.append("{} written with its module".format(key))
    return words


_ALL_WAYS = (_lacking, _plain_policy, _parts_with_module, _parts_by_own_name)


def kind_of(key, otherwise):
    """Return the kind of object that stands under a key, else that of what surrounds it."""
    for kind in ("initializer", "regularizer", "constraint", "optimizer"):
        if key.endswith(kind) or key == kind + "_config":
            return kind
    exact = {"learning_rate": "schedule", "loss": "loss", "metrics": "metric", "weighted_metrics": "metric"}
    if key in ("layers", "layer", "cell", "cells", "forward_layer", "backward_layer"):
        return "layer"
    return "policy" if "dtype" in key else exact.get(key, otherwise)
