"""
What a remedy does inside the load environment, to a job that loads: other arguments, another file, another loader.

Arguments are given to ``load_model`` wherever the scenario's own load script calls it. The others replace that script,
as long as the format has a loader of its own.
"""

import contextlib
import functools
import inspect
import os
import shutil
import sys

from . import loaders, rebuild, scripts, traced
from .repair import NothingToRepair, artifacts, config, containers, weights

_SUFFIXES = {"h5": ".h5", "keras": ".keras", "weights_h5": ".weights.h5", "tflite": ".tflite"}


class NotApplicableError(Exception):
    """There is nothing here that this remedy could change."""


class Way:
    """
    How a job loads: the artifact, its format, and what is done to it, as the remedies leave it.

    Args:
        job: The job as `jobs.Job` has it; `names` are the remedies, such as ``compile-false``.
    """

    def __init__(self, job, names):
        self._job = job
        self._names = names
        self.format = job.message["format"]
        self.path = job.message["path"]
        self.changes = []
        self.objects = self._own_objects() if "custom-objects" in names else {}
        for name, change in (
            ("rename-suffix", self._rename),
            ("repair-config", self._repair_config),
            ("repair-weights", self._repair_weights),
        ):
            if name in names:
                self.path = change()

    def load(self, script):
        """
        Load in this way.

        Args:
            script: The scenario's own load function; None if it has none.
        """
        with self._arguments():
            loaded = self._loader(script)(self.path)
        return traced.Callable(self._job.tf, loaded, self.changes) if "call-as-traced" in self._names else loaded

    def copy_to(self, target):
        """Copy the artifact as it is by now."""
        containers.copy_to(self.path, target)

    def _loader(self, script):
        tf, message = self._job.tf, self._job.message
        if "weights-into-rebuilt-model" in self._names:
            return functools.partial(rebuild.model, tf, message, self.format, self.changes)
        if "tfsm-layer" in self._names:
            return functools.partial(loaders.TFSMLayer, tf)
        if "saved-model-load" in self._names:
            return functools.partial(loaders.saved_model, tf)
        replaced = self.path != message["path"] and loaders.has(self.format)
        if script is None or replaced:
            return functools.partial(loaders.load, tf, self.format)  # no lambda: tracebacks are searched for those
        return script

    def _own_objects(self):
        found = scripts.objects(self._job.message["scenario"], self._job.message["save_script"])
        if not found:
            raise NotApplicableError("the save script's folder defines no class and no function")
        return found

    @contextlib.contextmanager
    def _arguments(self):
        """Have every ``load_model`` that is called meanwhile take the arguments of the remedies."""
        given = {"compile": False} if "compile-false" in self._names else {}
        if "safe-mode-off" in self._names:
            given["safe_mode"] = False
            _enable_unsafe(self._job.tf)
        scope = self._job.tf.keras.utils.custom_object_scope(self.objects) if self.objects else _nothing()
        with scope, _patched(self._job.tf, given, self.objects):
            yield

    def _rename(self):
        kind = artifacts.sniff(self.path)
        suffix = _SUFFIXES.get(kind)
        if suffix is None or self.path.endswith(suffix):
            raise NotApplicableError("the file is what its suffix says")
        target = self._new("renamed", suffix)
        shutil.copyfile(self.path, target)
        self.changes.append("{} renamed to {}".format(os.path.basename(self.path), os.path.basename(target)))
        self.format = kind
        return target

    def _repair_config(self):
        target = self._new("config", os.path.splitext(self.path)[1])
        self._repaired(config.repair, target)
        return target

    def _repair_weights(self):
        target = self._new("weights", os.path.splitext(self.path)[1])
        self._repaired(weights.repair, target)
        return target

    def _repaired(self, repair, target):
        try:
            self.changes += repair(self._job.tf, self.format, self.path, target, self.objects)
        except NothingToRepair as error:
            raise NotApplicableError(str(error))

    def _new(self, name, suffix):
        folder = os.path.join(self._job.folder, "remedied", name)
        os.makedirs(folder)
        stem = "model.weights" if self.format == "weights_h5" and suffix == ".h5" else "model"
        return os.path.join(folder, stem + suffix)


@contextlib.contextmanager
def _nothing():
    yield


def _enable_unsafe(tf):
    """Switch safe mode off for what is deserialised without ``load_model``."""
    for place in (getattr(tf.keras, "config", None), getattr(tf.keras, "__internal__", None)):
        switch = getattr(place, "enable_unsafe_deserialization", None)
        if switch:
            switch()


@contextlib.contextmanager
def _patched(tf, given, objects):
    """Put a ``load_model`` that takes `given` and knows `objects` into every module that offers one."""
    places = [(module, module.__dict__["load_model"]) for module in _offering(tf)] if given or objects else []
    for module, function in places:
        module.load_model = _with(function, given, objects)
    try:
        yield
    finally:
        for module, function in places:
            module.load_model = function


def _offering(tf):
    tf.keras.models.load_model  # behind a lazy loader
    for module in list(sys.modules.values()):
        found = getattr(module, "__dict__", {}).get("load_model")
        owner = getattr(found, "__module__", None) or ""
        if inspect.isfunction(found) and owner.split(".")[0] in ("keras", "tf_keras", "tensorflow"):
            yield module


def _with(function, given, objects):
    parameters = inspect.signature(function).parameters
    known = {name: value for name, value in given.items() if name in parameters}

    def load_model(*args, **kwargs):
        kwargs.update(known)
        if objects:
            kwargs["custom_objects"] = dict(objects, **(kwargs.get("custom_objects") or {}))
        return function(*args, **kwargs)

    return load_model
