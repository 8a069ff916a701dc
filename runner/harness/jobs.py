"""
One job, in a process of its own: a save or a load, and what was seen of it.

An observation is a file of JSON and one of arrays; neither says whether anything is right. The file ``phase`` says how
far the job came, for the case that the process does not live to write them.
"""

import faulthandler
import glob
import json
import os
import shutil
import sys
import tempfile
import time
import traceback

import numpy as np

from . import (
    PROTOCOL,
    arrays,
    invent,
    layers,
    loaders,
    noise,
    observe,
    own,
    preload,
    reasons,
    remedies,
    scripts,
    writer,
)
from .repair import artifacts, contents

TEXT = 20000
OWN = 1000  # names; a scenario that imports a whole library has many


class Job:
    """A job as the runner describes it, and its observation so far."""

    def __init__(self, message):
        self.message = message
        self.folder = message["folder"]
        self.tf = None
        self.writer = arrays.Writer()
        self.heard, self.inputs = [], None
        self.observation = {
            "protocol": PROTOCOL,
            "phase": message["kind"] if message["kind"] == "save" else "load",
            "exception": None,
            "unsupported": None,
            "own": None,
            "deterministic": None,
            "structure": None,
            "model": None,
            "optimizer": None,
            "loss": None,
            "unit": None,
            "layers": [],
            "notes": {},
            "changes": [],
            "seconds": {},
            "arrays": {},
        }

    def enter(self, phase):
        """Say, for whoever finds the remains, what is being done."""
        self.observation["phase"] = phase
        with open(os.path.join(self.folder, "phase"), "w") as file:
            file.write(phase)

    def keep(self, kind, triples):
        """Keep (layer, name, array) triples under `kind`."""
        self.observation["arrays"][kind] = [self.writer.add(a, layer=layer, name=name) for layer, name, a in triples]

    def timed(self, name, work, *args):
        """Return what `work` returns, and note how long it took."""
        started = time.perf_counter()
        try:
            return work(*args)
        finally:
            self.observation["seconds"][name] = time.perf_counter() - started

    def attempt(self, name, work, *args):
        """Observe something extra: a failure is a note, since it says nothing about the model."""
        try:
            self.timed(name, work, *args)
        except Exception as error:
            self.observation["notes"][name] = _first_line(error)

    def write(self):
        """Write the observation, the JSON last: where it exists it is whole."""
        self.writer.write(os.path.join(self.folder, "arrays.npz"))
        path = os.path.join(self.folder, "observation.json")
        with open(path + ".part", "w", encoding="utf-8", errors="replace") as file:
            json.dump(self.observation, file, ensure_ascii=False)
        os.rename(path + ".part", path)


def main(path):
    """Do the job that the file at `path` describes, in this fresh process, and leave."""
    with open(path) as file:
        os._exit(run(json.load(file)))


def run(message):
    """
    Do one job and write its observation.

    Returns:
        The status to exit with.
    """
    faulthandler.enable()
    reasons.show_stack_every(0.3 * message["seconds"])
    job = Job(message)
    status = 0
    try:
        _settle(job)
        preload.modules(message["imports"])
        job.tf = preload.tensorflow()
        _KINDS[message["kind"]](job)
    except BaseException as error:
        status = _caught(job, error)
    _flush()
    job.write()
    return status


def _settle(job):
    """Work in a scratch folder, with the scenario first on the path."""
    for name in ("scratch", "tmp"):
        os.makedirs(os.path.join(job.folder, name))
    os.chdir(os.path.join(job.folder, "scratch"))
    os.environ["TMPDIR"] = tempfile.tempdir = os.path.join(job.folder, "tmp")
    sys.path.insert(0, job.message["scenario"])


def _save(job):
    job.enter("save")
    message = job.message
    save = scripts.function(message["scenario"], message["script"], "save")
    job.observation["own"] = sorted(scripts.own_names(save, message["scenario"]))[:OWN]
    os.makedirs(os.path.dirname(message["path"]))
    returned = job.timed("save", save, message["path"])
    _check_written(message["path"])
    model, inputs, targets = _returned(returned)
    job.attempt("own", _keep_own, job, save, model)  # once more: saving may have imported, or made, others
    _observe_saved(job, model, inputs, targets)


def _adopt(job):
    """Load an artifact that no save script made, and observe it as a save would be, on inputs that are made up."""
    job.enter("load")
    model = _loaded(job)
    job.enter("predict")
    _observe_saved(job, model, invent.inputs(job.tf, model), None)


def _observe_saved(job, model, inputs, targets):
    message = job.message
    job.inputs = inputs
    _keep_inputs(job, inputs, targets)
    pairs = job.timed("predict", observe.outputs, job.tf, model, inputs, message["call"])
    job.keep("outputs", [("", name, array) for name, array in pairs])
    job.observation["deterministic"] = job.timed("again", _steady, job, model, inputs, pairs)
    _look_inside(job, model, inputs, targets, activations=True)


def _steady(job, model, inputs, pairs):
    """Tell whether further calls give the same; what flips a coin for each call may well give the same twice."""
    started = time.perf_counter()
    for call in range(3 if _may_flip(model) else 1):
        if call and time.perf_counter() - started > noise.SECONDS:
            break
        again = observe.outputs(job.tf, model, inputs, job.message["call"])
        if not all(_same(a, b) for (_, a), (_, b) in zip(pairs, again)):
            return False
    return True


def _may_flip(model):
    names = [type(layer).__name__ for _, layer in layers.walk(model)]
    return any(word in name for name in names for word in ("Random", "Dropout", "Noise", "Lambda"))


def _load(job):
    job.enter("load")
    message = job.message
    inputs, targets = _read_inputs(message["saved"])
    returned = _loaded(job)
    job.enter("predict")
    pairs = job.timed("predict", observe.outputs, job.tf, returned, inputs, message["call"])
    job.keep("outputs", [("", name, array) for name, array in pairs])
    _look_inside(job, returned, inputs, targets, activations=message["activations"])


def _loaded(job):
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


def _repair(job):
    """Write the copy of the artifact that the job's remedies make."""
    job.enter("load")
    artifacts.check(job.message["artifact"])
    way = remedies.Way(job, job.message["remedies"])
    job.observation["changes"] = way.changes
    job.observation["notes"]["written-by"] = writer.keras_version(job.message["path"])
    way.copy_to(job.message["target"])


def _resave(job):
    """Load the artifact, and write what was loaded in another format."""
    job.enter("load")
    model = _loaded(job)
    job.enter("save")
    if "repair-config" in job.message["remedies"]:
        job.observation["changes"].append("repaired before it was written again")
    if job.message["target_format"] == "export":
        job.attempt("called", _call_once, job, model)
    target = job.message["target"]
    os.makedirs(os.path.dirname(target), exist_ok=True)
    job.timed("save", loaders.write, job.tf, model, job.message["target_format"], target)
    _check_written(target)


def _call_once(job, model):
    """Call the model: a subclassed one is only exported after that."""
    inputs, _ = _read_inputs(job.message["saved"])
    observe.outputs(job.tf, model, inputs, job.message["call"])


def _check_written(path):
    if os.path.exists(path) or glob.glob(glob.escape(path) + "*"):
        return
    beside = glob.glob(os.path.join(glob.escape(os.path.dirname(path)), "*"))
    written = ", ".join(sorted(map(os.path.basename, beside))) or "nothing"
    raise scripts.ScenarioError(
        "save(path) returned, but nothing is at {} (its folder holds: {})".format(os.path.basename(path), written)
    )


def _returned(returned):
    if not isinstance(returned, tuple) or len(returned) not in (2, 3):
        shown = "{} items".format(len(returned)) if isinstance(returned, tuple) else type(returned).__name__
        raise scripts.ScenarioError("save(path) must return (model, inputs) or (model, inputs, targets), not " + shown)
    model, inputs = returned[0], returned[1]
    if not callable(model):
        raise scripts.ScenarioError("save(path) must return a model first, not " + type(model).__name__)
    return model, _normal(inputs, "inputs"), _normal(returned[2], "targets") if len(returned) == 3 else None


def _normal(given, what):
    """Return one array, a list of arrays or a dict of arrays, whatever sequence it came as."""
    try:
        if isinstance(given, dict):
            return {str(name): arrays.as_array(value, name)[0] for name, value in given.items()}
        if isinstance(given, (tuple, list)):
            return [arrays.as_array(value, what)[0] for value in given]
        return arrays.as_array(given, what)[0]
    except (TypeError, ValueError) as error:
        message = "save(path) must return {} as an array, or a tuple or dict of arrays: {}".format(what, error)
        raise scripts.ScenarioError(message)


def _keep_own(job, save, model):
    names = scripts.own_names(save, job.message["scenario"]) | own.names(model)
    job.observation["own"] = sorted(names)[:OWN]


def _keep_inputs(job, inputs, targets):
    job.observation["structure"] = {}
    for kind, given in (("inputs", inputs), ("targets", targets)):
        if given is None:
            continue
        shape = "dict" if isinstance(given, dict) else "list" if isinstance(given, list) else "single"
        pairs = sorted(given.items()) if shape == "dict" else enumerate(given if shape == "list" else [given])
        job.observation["structure"][kind] = shape
        job.keep(kind, [("", str(name), value) for name, value in pairs])


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


def _look_inside(job, model, inputs, targets, activations):
    """Observe what a model shows besides its outputs; the training step comes last, as it changes the rest."""
    keras = observe.keras_of(job.tf, model)
    job.observation["model"] = type(model).__name__
    if keras is None:
        _look_into_module(job, model, inputs)
        return
    job.attempt("weights", lambda: job.keep("weights", observe.weights(model)))
    job.attempt("state", lambda: job.keep("state", layers.state(job.tf, model)))
    if activations:
        job.attempt("layers", _keep_layers, job, model)
        job.attempt("activations", _keep_activations, job, keras, model, inputs)
    if job.message["kind"] == "save" and job.observation["deterministic"]:
        job.attempt("noise", _keep_noise, job, model, lambda given: observe.activations(job.tf, keras, model, given))
    job.attempt("optimizer", _keep_optimizer, job, model)
    if targets is not None and job.message["training"] and job.observation["optimizer"]:
        phase = job.observation["phase"]
        job.enter("train" if phase == "predict" else phase)
        job.attempt("training", _train, job, model, inputs, targets)
        job.enter(phase)


def _look_into_module(job, module, inputs):
    """Observe what has variables and a call, but is no Keras model."""
    job.attempt("weights", lambda: job.keep("weights", observe.variables(job.tf, module)))
    if job.message["kind"] == "save" and job.observation["deterministic"]:
        job.heard = _heard_outputs(job, module, inputs)
        job.attempt("noise", _keep_noise, job, module, lambda given: _heard_outputs(job, module, given))


def _heard_outputs(job, module, inputs):
    pairs = observe.outputs(job.tf, module, inputs, job.message["call"])
    return [(("", name), observe.as_array(leaf, name)[0]) for name, leaf in pairs]


def _keep_layers(job, model):
    job.observation["layers"] = layers.described(model)


def _keep_activations(job, keras, model, inputs):
    """Keep what the layers give, but for those that give something else at every call."""
    job.heard = observe.activations(job.tf, keras, model, inputs)
    again = dict(observe.activations(job.tf, keras, model, inputs))
    steady = [(key, array) for key, array in job.heard if key in again and _same(array, again[key])]
    job.keep("activations", [key + (array,) for key, array in steady if key[0]])


def _keep_noise(job, model, call):
    """Keep how far outputs and activations move when all that the model computes with moves by the last place."""
    if not job.tf.executing_eagerly():
        raise ValueError("weights are only moved where TensorFlow is eager")
    size = noise.unit(model, [(name, array) for (layer, name), array in job.heard if not layer])
    moved = noise.movement(model, job.inputs, size, job.heard, call)
    job.observation["unit"] = size
    job.keep("movement", [key + (array.astype("float32"),) for key, array in moved.items() if not key[0]])
    job.keep("layer_movement", [key + (np.float64(array.max(initial=0)),) for key, array in moved.items() if key[0]])


def _keep_optimizer(job, model):
    found = observe.optimizer(job.tf, model)
    if found:
        job.observation["optimizer"], state = found
        job.keep("optimizer", [("", "state_%d" % index, array) for index, array in enumerate(state)])


def _train(job, model, inputs, targets):
    job.observation["loss"] = observe.training_step(job.tf, model, inputs, targets)
    job.keep("trained", observe.weights(model))


def _same(a, b):
    left, right = np.asarray(a), np.asarray(b)
    if left.shape != right.shape:
        return False
    return bool(np.all((left == right) | ((left != left) & (right != right))))


def _caught(job, error):
    """Note what stopped the job; a script that says it does not apply here exits with 127."""
    if isinstance(error, SystemExit):
        if error.code == 127:
            job.observation["unsupported"] = "the script exited with status 127"
            return 127
        text = "sys.exit({!r}) was called".format(error.code)
    else:
        text = reasons.text(error)
    if isinstance(error, NotImplementedError) and _in_scenario(job, error):
        job.observation["unsupported"] = text or "the script raised NotImplementedError"
        return 127
    job.observation["exception"] = {
        "type": type(error).__name__,
        "message": text[:TEXT],
        "traceback": (reasons.traced(error) + _artifact(job))[-2 * TEXT :],
        "in_scenario": _in_scenario(job, error),
    }
    return 1


def _artifact(job):
    """Say, behind a traceback, what it was that could not be loaded."""
    if job.observation["phase"] != "load" or not job.message.get("path"):
        return ""
    try:
        return "The artifact is {}.\n".format(contents.told(job.message["path"]))
    except OSError:
        return ""


def _in_scenario(job, error):
    """Tell whether the scenario's own line raised it, not a library that the line called."""
    folder = os.path.join(job.message["scenario"], "")
    if isinstance(error, SyntaxError):
        return str(error.filename).startswith(folder)
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(folder)


def _first_line(error):
    return "{}: {}".format(type(error).__name__, reasons.text(error).strip().split("\n")[0][:300])


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass


def _check(job):
    preload.check()
    job.observation["versions"] = preload.versions(job.message["imports"])


def _learn(job):
    job.observation["modules"] = preload.learn()


_KINDS = {
    "save": _save,
    "load": _load,
    "resave": _resave,
    "adopt": _adopt,
    "repair": _repair,
    "check": _check,
    "learn": _learn,
}
