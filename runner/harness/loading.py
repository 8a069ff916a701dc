"""The load side: an artifact is loaded as its scenario or a remedy does it, and called with the saved inputs."""

import json
import os
import shutil

import numpy as np

from . import arrays, inside, loaders, observe, remedies, scripts, writer
from .repair import artifacts


def load(job):
    """Load the artifact, and observe what it gives for the inputs of the save side."""
    job.enter("load")
    message = job.message
    inputs, targets = _read_inputs(message["saved"])
    returned = loaded(job)
    job.enter("predict")
    pairs = job.timed("predict", observe.outputs, job.tf, returned, inputs, message["call"])
    job.keep("outputs", [("", name, array) for name, array in pairs])
    inside.look(job, returned, inputs, targets, activations=message["activations"])


def loaded(job):
    """Load the artifact as the scenario does, or as the job's remedies have it."""
    message = job.message
    artifacts.check(message["artifact"])
    if message["script"]:
        message.update(_own_copy(message))
    script = scripts.function(message["scenario"], message["script"], "load") if message["script"] else None
    way = remedies.Way(job, message["remedies"])
    job.observation["changes"] = way.changes
    returned = job.timed("load", way.load, script)
    if not callable(returned):
        raise scripts.ScenarioError("load(path) must return a model or a callable, not " + type(returned).__name__)
    return returned


def _own_copy(message):
    """Give a load script a copy of the artifact: whatever it does to the files, the next cell finds them as saved."""
    root, copy = message["artifact"], os.path.join(message["folder"], "artifact")
    shutil.copytree(root, copy, symlinks=True)
    return {"artifact": copy, "path": os.path.join(copy, os.path.relpath(message["path"], root))}


def repair(job):
    """Write the copy of the artifact that the job's remedies make."""
    job.enter("load")
    artifacts.check(job.message["artifact"])
    way = remedies.Way(job, job.message["remedies"])
    job.observation["changes"] = way.changes
    job.observation["notes"]["written-by"] = writer.keras_version(job.message["path"])
    way.copy_to(job.message["target"])


def resave(job):
    """Load the artifact, and write what was loaded in another format."""
    job.enter("load")
    model = loaded(job)
    job.enter("save")
    if "repair-config" in job.message["remedies"]:
        job.observation["changes"].append("repaired before it was written again")
    if job.message["target_format"] == "export":
        job.attempt("called", _call_once, job, model)
    target = job.message["target"]
    os.makedirs(os.path.dirname(target), exist_ok=True)
    job.timed("save", loaders.write, job.tf, model, job.message["target_format"], target)
    loaders.check_written(target)


def _call_once(job, model):
    """Call the model: a subclassed one is only exported after that."""
    inputs, _ = _read_inputs(job.message["saved"])
    observe.outputs(job.tf, model, inputs, job.message["call"])


def _read_inputs(folder):
    with open(os.path.join(folder, "observation.json"), encoding="utf-8") as file:
        saved = json.load(file)
    with np.load(os.path.join(folder, "arrays.npz"), allow_pickle=False) as stored:
        return [_read_structure(saved, stored, kind) for kind in ("inputs", "targets")]


def _read_structure(saved, stored, kind):
    shape = saved["structure"].get(kind)
    if shape is None:
        return None
    pairs = [(entry["name"], arrays.read(stored, entry)) for entry in saved["arrays"][kind]]
    if shape == "dict":
        return dict(pairs)
    values = [value for _, value in pairs]
    return values if shape == "list" else values[0]
