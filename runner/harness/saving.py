"""The save side: a model is written by its script, called, and looked into; or one that is there already is adopted."""

import os
import time

from . import arrays, inside, invent, layers, loaders, loading, noise, observe, own, scripts

OWN = 1000  # names; a scenario that imports a whole library has many


def save(job):
    """Have the scenario write its model, and observe what it gives before that is lost."""
    job.enter("save")
    message = job.message
    script = scripts.function(message["scenario"], message["script"], "save")
    job.observation["own"] = sorted(scripts.own_names(script, message["scenario"]))[:OWN]
    os.makedirs(os.path.dirname(message["path"]))
    returned = job.timed("save", script, message["path"])
    loaders.check_written(message["path"])
    model, inputs, targets = _returned(returned)
    job.attempt("own", _keep_own, job, script, model)  # once more: saving may have imported, or made, others
    _observe_saved(job, model, inputs, targets)


def adopt(job):
    """Load an artifact that no save script made, and observe it as a save would be, on inputs that are made up."""
    job.enter("load")
    model = loading.loaded(job)
    job.enter("predict")
    _observe_saved(job, model, invent.inputs(job.tf, model), None)


def _observe_saved(job, model, inputs, targets):
    message = job.message
    job.inputs = inputs
    _keep_inputs(job, inputs, targets)
    pairs = job.timed("predict", observe.outputs, job.tf, model, inputs, message["call"])
    job.keep("outputs", [("", name, array) for name, array in pairs])
    job.observation["deterministic"] = job.timed("again", _steady, job, model, inputs, pairs)
    inside.look(job, model, inputs, targets, activations=True)


def _steady(job, model, inputs, pairs):
    """Tell whether further calls give the same; what flips a coin for each call may well give the same twice."""
    started = time.perf_counter()
    for call in range(3 if _may_flip(model) else 1):
        if call and time.perf_counter() - started > noise.SECONDS:
            break
        again = observe.outputs(job.tf, model, inputs, job.message["call"])
        if not all(inside.same(a, b) for (_, a), (_, b) in zip(pairs, again)):
            return False
    return True


def _may_flip(model):
    names = [type(layer).__name__ for _, layer in layers.walk(model)]
    return any(word in name for name in names for word in ("Random", "Dropout", "Noise", "Lambda"))


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
