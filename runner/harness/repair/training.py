"""What a model was compiled with - optimizer, losses, metrics - written as the loading Keras reads it."""

import inspect

from . import objects
from .live import named_arguments

# Short names whose long ones every Keras knows; the functions are the same.
_SPELLED_OUT = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "cosine_proximity": "cosine_similarity",
    "logcosh": "log_cosh",
    "hinge": "hinge",
}
_DECIDED_LATER = ("accuracy", "acc", "crossentropy", "ce")
# Keras 2.11 to 2.15 have two of each optimizer, and take the older one if nothing is said.
_NOT_LEGACY = {"is_legacy_optimizer": False}
_REDUCTIONS = {"auto": "sum_over_batch_size"}


def repair(walk, config):
    """Repair a training_config (HDF5, SavedModel) or compile_config (``.keras``) in place."""
    for key in ("optimizer_config", "optimizer"):
        if objects.is_object(config.get(key)):
            config[key] = _optimizer(walk, config[key])
    for key, kind in (("loss", "loss"), ("metrics", "metric"), ("weighted_metrics", "metric")):
        if config.get(key):
            config[key] = _each(walk, config[key], kind)
    if "optimizer" in config:
        _without_unknown(walk, config)


def _optimizer(walk, thing):
    thing = walk.visit(thing, "optimizer")
    deserialize = walk.live.keras.optimizers.deserialize
    config = thing["config"]

    def make(candidate):
        return deserialize(dict(thing, config=candidate))

    cls, _ = walk.live.find(thing["class_name"].split(">")[-1], "optimizer")
    if cls is None or walk.live.error(make, config) is None:
        return thing
    named = named_arguments(cls) | set(_NOT_LEGACY)
    words = []
    if "is_legacy_optimizer" not in config and _takes_new_ones(walk, config, make, named):
        config.update(_NOT_LEGACY)
        words.append("argument is_legacy_optimizer=False added")
    if walk.live.error(make, config) is not None:
        for key in objects.refused(walk.live, config, make, named):
            words.append(objects.taken_out(key, config.pop(key)))
    for line in words:
        walk.say("optimizer {}: {}".format(thing["class_name"], line))
    return thing


def _takes_new_ones(walk, config, make, named):
    """Tell whether this Keras has two generations of optimizers, and its newer one takes what it knows of this."""
    if walk.live.major >= 3 or walk.live.attribute("optimizers.legacy") is None:
        return False
    config = dict(config, **_NOT_LEGACY)
    refused = objects.refused(walk.live, config, make, named)
    return walk.live.error(make, {key: value for key, value in config.items() if key not in refused}) is None


def _each(walk, value, kind):
    """Repair every loss or metric in a structure of them."""
    if isinstance(value, str):
        return _name(walk, value, kind)
    if isinstance(value, dict) and "class_name" in value:
        return _configured(walk, value, kind)
    if isinstance(value, dict):
        return {key: _each(walk, item, kind) for key, item in value.items()}
    return [_each(walk, item, kind) for item in value] if isinstance(value, list) else value


def _name(walk, name, kind):
    """Spell a name out that this Keras does not read from an HDF5 file."""
    make = _module(walk, kind).deserialize
    if walk.file_format == "keras" or name in _DECIDED_LATER or walk.live.error(make, name) is None:
        return name
    for candidate in (_SPELLED_OUT.get(name.lower()), _snake(name), _camel(name)):
        if candidate and walk.live.error(make, candidate) is None:
            walk.say("{} {!r} spelled out as {!r}".format(kind, name, candidate))
            return candidate
    return name


def _module(walk, kind):
    return walk.live.keras.losses if kind == "loss" else walk.live.keras.metrics


def _snake(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def _camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def _configured(walk, thing, kind):
    config = thing.get("config")
    if isinstance(config, dict):
        _reduction(walk, thing)
        _function(walk, thing, kind)
    return walk.visit(thing, kind)


def _reduction(walk, thing):
    """Write a way to sum up that this Keras does not have by the one that it stood for."""
    given = thing["config"].get("reduction")
    if walk.live.major >= 3 and given in _REDUCTIONS:
        thing["config"]["reduction"] = _REDUCTIONS[given]
        walk.say("{}: reduction {!r} written as {!r}".format(objects.label(thing), given, _REDUCTIONS[given]))


def _function(walk, thing, kind):
    """Give a wrapper its function in the way that this Keras turns into a function."""
    name = thing["config"].get("fn")
    if walk.live.major < 3 or not isinstance(name, str):
        return
    cls, _ = walk.live.find(thing["class_name"], kind)
    if cls is None or "fn" not in named_arguments(cls):
        return
    name = _SPELLED_OUT.get(name, name)
    thing["config"]["fn"] = {
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    }
    walk.say("{}: function {} written as Keras 3 finds it".format(objects.label(thing), name))


def _without_unknown(walk, config):
    """Take out what `compile` does not take here."""
    known = set(inspect.signature(walk.live.keras.Model.compile).parameters)
    for key in [key for key in config if key not in known]:
        walk.say("compile: {}".format(objects.taken_out(key, config.pop(key))))
