"""What a model shows besides its outputs: each is kept if it can be seen, and noted if it cannot."""

import numpy as np

from . import layers, noise, observe


def look(job, model, inputs, targets, activations):
    """Observe what a model shows besides its outputs; the training step comes last, as it changes the rest."""
    keras = observe.keras_of(job.tf, model)
    job.observation["model"] = type(model).__name__
    if keras is None:
        _into_module(job, model, inputs)
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


def _into_module(job, module, inputs):
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
    steady = [(key, array) for key, array in job.heard if key in again and same(array, again[key])]
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


def same(a, b):
    """Tell whether two arrays are equal, what is no number too."""
    left, right = np.asarray(a), np.asarray(b)
    if left.shape != right.shape:
        return False
    return bool(np.all((left == right) | ((left != left) & (right != right))))
