"""A copy of a model whose configuration the loading Keras takes: repaired object by object, the innermost first."""

import json

from . import NothingToRepair, containers, objects, operations, reading, structure, training
from .live import Live

_AXIS = "axis"


def repair(tf, file_format, path, out, custom_objects=None):
    """
    Write a copy of a model with a configuration that this Keras takes.

    Args:
        tf: The imported TensorFlow.
        file_format: ``h5``, ``keras`` or ``savedmodel``: what the file is.
        path: The artifact; it is only read.
        out: Where to write the copy.
        custom_objects: Classes and functions by the name under which the artifact has them.

    Returns:
        The changes, in words. What may change the model's numbers is among them and says so.

    Raises:
        NothingToRepair: If nothing was found to change, the format has no configuration, or that cannot be read.
    """
    if file_format not in _FORMATS:
        raise NothingToRepair("A {} artifact has no configuration.".format(file_format))
    saved_by = containers.major_version(path) if file_format == "keras" else None
    walk = Walk(Live(tf, custom_objects), file_format, saved_by)
    with reading():
        write = _FORMATS[file_format](walk, path)
        if not walk.changes:
            raise NothingToRepair(_nothing(walk))
        write(out)
    return walk.changes


def _nothing(walk):
    if walk.unknown:
        named = ", ".join(sorted(walk.unknown))
        return "This Keras has no class {}, and no configuration can stand for it.".format(named)
    return "This Keras takes every part of the configuration as it stands."


def _h5(walk, path):
    configs = containers.read_h5(path)
    configs["model_config"] = walk.visit(configs["model_config"], "layer")
    if configs.get("training_config"):
        training.repair(walk, configs["training_config"])
    return lambda out: containers.write_h5(configs, path, out)


def _keras(walk, path):
    config = containers.read_keras(path)
    compiled = config.pop("compile_config", None)
    config = walk.visit(config, "layer")
    if compiled:
        training.repair(walk, compiled)
    if compiled is not None:
        config["compile_config"] = compiled
    return lambda out: containers.write_keras(path, out, {"config.json": json.dumps(config).encode("utf-8")})


def _savedmodel(walk, path):
    nodes = containers.read_metadata(path)
    for node in nodes:
        if objects.is_object(node):
            kind = "metric" if node.get("name") == node["config"].get("name") and "fn" in node["config"] else "layer"
            walk.visit(node, kind)
        if isinstance(node.get("model_config"), dict):
            node["model_config"] = walk.visit(node["model_config"], "layer")
        if node.get("training_config"):
            training.repair(walk, node["training_config"])
    return lambda out: containers.write_metadata(nodes, path, out)


_FORMATS = {"h5": _h5, "keras": _keras, "savedmodel": _savedmodel}


class Walk:
    """The way through one configuration: what was changed, and which classes this Keras lacks."""

    def __init__(self, live, file_format, saved_by=None):
        self.live = live
        self.file_format = file_format
        self.foreign = saved_by is not None and saved_by != live.major
        self.changes = []
        self.unknown = set()
        self.one = objects.Repair(live, file_format, self.say)

    def say(self, change):
        """Note a change once."""
        if change not in self.changes:
            self.changes.append(change)

    def visit(self, value, kind):
        """Return a part of the configuration as this Keras takes it."""
        if isinstance(value, list):
            return [self.visit(item, kind) for item in value]
        if not isinstance(value, dict):
            return value
        if objects.is_object(value):
            return self._object(value, _kind_by_module(value) or kind)
        name = structure.function_name(value) if self._plain() else None
        if name:
            self.say("function {!r} written by its name".format(name))
            return name
        for key, item in value.items():
            value[key] = self.visit(item, objects.kind_of(key, kind))
        return value

    def _plain(self):
        """Tell whether objects go without their modules here: the HDF5 files and SavedModels of Keras 2."""
        return self.live.major < 3 and self.file_format != "keras"

    def _object(self, thing, kind):
        if kind == "policy":
            return thing
        config = thing["config"]
        self._operations(thing)
        for key in config:
            config[key] = self.visit(config[key], objects.kind_of(key, kind))
        self._names(thing)
        cls = self.one.class_of(thing, kind)
        if cls is None:
            self.unknown.add(thing["class_name"])
            return thing
        self._structure(thing)
        self.one.arguments(thing, cls)
        if self.live.major >= 3 and self.file_format == "h5" and "module" not in thing:
            self._keep_axis(thing, cls)
            self._keep_words(thing, cls)
        return thing

    def _names(self, thing):
        """Write names, policies and shapes as this generation of Keras does."""
        policy = thing["config"].get("dtype")
        if isinstance(policy, dict) and (self.live.major < 3 or policy.get("class_name") == "Policy"):
            self._tell(thing, structure.plain_policy(thing))
        if self.live.major < 3:
            self._tell(thing, structure.names2(thing, self._plain()))
        elif self.file_format == "keras" and self.foreign:
            self._tell(thing, structure.names3(thing))

    def _operations(self, thing):
        """Write the operations among a graph's layers as this generation of Keras does."""
        for layer in thing["config"]["layers"] if structure.is_graph(thing) else []:
            if self.live.major < 3:
                self._tell(layer, operations.to_keras2(layer))
            else:
                self._tell(layer, operations.to_keras3(layer, self.live.operation))
                self._tell(layer, operations.with_module(layer, self.live.operation))

    def _structure(self, thing):
        if "layers" in thing["config"] and self.foreign:
            # A layer that is called is built by that: how the other generation built it helps nothing.
            built = [layer for layer in thing["config"]["layers"] if layer.pop("build_config", None)]
            self._tell(thing, ["build_config of its layers taken out"] if built else [])
        if not structure.is_graph(thing):
            return
        if self.live.major < 3:
            self._tell(thing, structure.to_keras2(thing))
            return
        self._tell(thing, structure.to_keras3(thing))
        self._tell(thing, structure.without_masks(thing, self._is_known))
        if not self.live.takes_single_ends():
            self._tell(thing, structure.wrap_ends(thing))

    def _is_known(self, layer):
        return self.one.knows(layer)

    def _tell(self, thing, changes):
        for change in changes:
            self.say("{}: {}".format(objects.label(thing), change))

    def _keep_axis(self, thing, cls):
        """
        Add the module where this Keras's reader of plain HDF5 configurations would lose the axis.

        Source: https://github.com/keras-team/keras/pull/20973 (3.0 to 3.8 lose a whole number, all a longer list)
        """
        axis = thing["config"].get(_AXIS)
        if axis is None or (isinstance(axis, list) and len(axis) == 1):
            return
        if isinstance(axis, int) and not self._loses_axis():
            return
        thing.update(module=cls.__module__, registered_name=None)
        self._tell(thing, ["axis={!r} written so that the HDF5 reader of this Keras keeps it".format(axis)])

    def _keep_words(self, thing, cls):
        """Add the module where this Keras's reader of plain HDF5 configurations takes a word for a function's name."""
        if "module" in thing or objects.runs_code(thing) or not self.live.misreads(thing, cls):
            return
        thing.update(module=cls.__module__, registered_name=None)
        self._tell(thing, ["written so that the HDF5 reader of this Keras takes its arguments as they are"])

    def _loses_axis(self):
        return tuple(int(part) for part in self.live.version.split(".")[:2]) < (3, 9)


def _kind_by_module(thing):
    words = str(thing.get("module") or "").split(".")
    if "schedules" in words or "learning_rate_schedule" in words:
        return "schedule"
    for kind in ("initializer", "regularizer", "constraint", "optimizer", "metric", "layer"):
        if kind + "s" in words:
            return kind
    return "loss" if "losses" in words else None
