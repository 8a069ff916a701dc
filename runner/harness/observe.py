"""What can be seen of a model without knowing it: outputs, weights, activations, optimizer, one training step."""

import functools
import sys

import numpy as np

from . import layers
from .arrays import as_array

SAMPLE = 16384
"""So many numbers of a layer's activations are kept, evenly spaced: a drift shows in some of them."""


def keras_of(tf, returned):
    """Return the Keras that `returned` is a model of: tf.keras, or one that was imported beside it; else None."""
    return next((keras for keras in kerases(tf) if isinstance(returned, keras.Model)), None)


def kerases(tf):
    """Return every Keras that is imported: tf.keras, and those beside it."""
    found = (tf.keras, sys.modules.get("keras"), sys.modules.get("tf_keras"))
    return [keras for keras in found if getattr(keras, "Model", None) is not None]


def tensors(tf, inputs):
    """Return the inputs with every array as a tensor."""
    if isinstance(inputs, dict):
        return {name: tf.constant(value) for name, value in inputs.items()}
    if isinstance(inputs, list):
        return [tf.constant(value) for value in inputs]
    return tf.constant(inputs)


def outputs(tf, returned, inputs, call):
    """
    Ask a model, or a callable, for its outputs.

    Args:
        call: ``call`` for ``model(inputs, training=False)``, ``predict`` for ``model.predict(inputs)``.

    Returns:
        A list of (name, array) in the model's order.
    """
    _reset(returned)
    if keras_of(tf, returned) is None:
        return flatten(_evaluated(tf, returned(tensors(tf, inputs))))
    if call == "predict" or not tf.executing_eagerly():
        given = tensors(tf, inputs) if tf.executing_eagerly() else inputs
        result = returned.predict(given)
    else:
        result = returned(tensors(tf, inputs), training=False)
    return _with_model_names(flatten(result), returned)


def _reset(model):
    """Let layers that remember the last call forget it: each call is the first."""
    for _, layer in layers.walk(model):
        reset = getattr(layer, "reset_states", None) or getattr(layer, "reset_state", None)
        if getattr(layer, "stateful", False) is True and callable(reset):
            reset()


def _evaluated(tf, result):
    """Run a graph's tensors in its session, where TensorFlow 1 is not eager."""
    symbolic = [leaf for leaf in tf.nest.flatten(result) if isinstance(leaf, tf.Tensor)]
    if tf.executing_eagerly() or not symbolic:
        return result
    return tf.compat.v1.keras.backend.get_session().run(result)


def flatten(value, name="output"):
    """Return (name, array) for every tensor in a structure; ragged and sparse ones as their parts."""
    if isinstance(value, dict):
        return [pair for key in sorted(value) for pair in flatten(value[key], _join(name, key))]
    if isinstance(value, (list, tuple)) and not _is_sparse(value):
        if len(value) == 1:
            return flatten(value[0], name)
        return [pair for index, item in enumerate(value) for pair in flatten(item, _join(name, "output_%d" % index))]
    parts = _parts(value)
    return [(name, value)] if parts is None else [(name + "." + part, array) for part, array in parts]


def _join(name, key):
    return str(key) if name == "output" else "{}.{}".format(name, key)


def _is_sparse(value):
    return hasattr(value, "dense_shape") and hasattr(value, "indices")


def _parts(value):
    if hasattr(value, "nested_row_splits"):
        splits = [("row_splits_%d" % i, split) for i, split in enumerate(value.nested_row_splits)]
        return [("values", value.flat_values)] + splits
    if _is_sparse(value):
        return [("values", value.values), ("indices", value.indices), ("dense_shape", value.dense_shape)]
    return None


def _with_model_names(pairs, model):
    names = getattr(model, "output_names", None)
    if len(pairs) < 2 or not names or len(names) != len(pairs) or pairs[0][0] != "output_0":
        return pairs
    return [(name, array) for name, (_, array) in zip(names, pairs)]


def weights(model):
    """Return (layer, name, array) for every weight, by its innermost layer; all under "" if that is unknown."""
    values = model.get_weights()
    variables = list(model.weights)
    if len(values) != len(variables):
        return [("", "weight_%d" % index, array) for index, array in enumerate(values)]
    owner = layers.owners(model)
    found = []
    for index, (variable, array) in enumerate(zip(variables, values)):
        place, layer, name = owner.get(id(variable), (-1, "", layers.short_name(variable)))
        found.append((place, index, layer, name, array))
    return [(layer, name, array) for _, _, layer, name, array in sorted(found, key=lambda each: each[:2])]


def variables(tf, returned):
    """Return (module, name, array) for what is no Keras model but has variables, such as a `tf.Module`."""
    found = getattr(returned, "variables", ()) if tf.executing_eagerly() else ()
    return [_module_variable(each) for each in found if hasattr(each, "numpy")]


def _module_variable(variable):
    module, _, name = variable.name.split(":")[0].rpartition("/")
    return module or name, name, variable.numpy()


def activations(tf, keras, model, inputs):
    """
    Return ((layer, name), array) for what each layer gives, in the order in which they are done.

    The outputs of the model come last, under the layer "", where TensorFlow is eager.
    """
    if tf.executing_eagerly():
        return _overheard(tf, model, inputs)
    return _tapped(keras, model, inputs)


def _overheard(tf, model, inputs):
    """Call the model, and listen at each of its layers, of several calls to the first."""
    _reset(model)
    heard, watched = [], layers.walk(model)
    kept = [(layer, vars(layer).get("call")) for _, layer in watched]
    try:
        for path, layer in watched:
            vars(layer)["call"] = _listening(path, layer.call, heard)
        result = model(tensors(tf, inputs), training=False)
    finally:
        for layer, call in kept:
            if call is None:
                vars(layer).pop("call", None)
            else:
                vars(layer)["call"] = call
    given = _with_model_names(flatten(result), model)
    return heard + [(("", name), as_array(leaf, name)[0]) for name, leaf in given]


def _listening(path, call, heard):
    done = []

    def listen(*args, **kwargs):
        result = call(*args, **kwargs)
        if not done:
            done.append(True)
            heard.extend(_activation(path, result))
        return result

    return functools.wraps(call)(listen)


def _activation(path, result):
    """Return the eager, dense tensors that a layer gave; InputLayers give what they were given."""
    for name, leaf in flatten(result, "activation"):
        if hasattr(leaf, "numpy"):
            yield (path, name), _sample(as_array(leaf, name)[0])


def _sample(array):
    flat = array.ravel()
    return array if flat.size <= SAMPLE else flat[:: -(-flat.size // SAMPLE)]


def _tapped(keras, model, inputs):
    """Return the same of a functional model's layers that give one tensor, where TensorFlow 1 is not eager."""
    names, taps = [], []
    for layer in model.layers:
        try:
            output = layer.output
        except (AttributeError, ValueError, RuntimeError):
            continue
        if not isinstance(output, (list, tuple, dict)) and type(layer).__name__ != "InputLayer":
            names.append(layer.name)
            taps.append(output)
    results = keras.Model(model.inputs, taps).predict(inputs)
    results = results if isinstance(results, (list, tuple)) else [results]
    return [((layer, "activation"), _sample(np.asarray(result))) for layer, result in zip(names, results)]


def optimizer(tf, model):
    """
    Describe a compiled model's optimizer.

    Returns:
        Its class, iterations and learning rate, and the arrays of its state without those two; None if it has none.
    """
    found = getattr(model, "optimizer", None)
    if found is None:
        return None
    state = [array for array in _state(tf, found) if array.ndim]
    return {
        "name": type(found).__name__,
        "iterations": _number(tf, getattr(found, "iterations", None)),
        "learning_rate": _number(tf, getattr(found, "learning_rate", None)),
    }, state


def _state(tf, found):
    variables = getattr(found, "variables", None)
    if variables is None:
        return [np.asarray(array) for array in found.get_weights()]
    return [_value(tf, variable) for variable in (variables() if callable(variables) else variables)]


def _number(tf, value):
    try:
        return float(_value(tf, value))
    except (TypeError, ValueError):
        return None


def _value(tf, variable):
    if hasattr(variable, "numpy") and tf.executing_eagerly():
        return np.asarray(variable.numpy())
    if hasattr(variable, "shape") and not isinstance(variable, (np.ndarray, np.generic)):
        return np.asarray(tf.keras.backend.get_value(variable))
    return np.asarray(variable)


def training_step(tf, model, inputs, targets):
    """Train on one batch, eagerly where the model can (a traced step costs half a second), and return the loss."""
    if tf.executing_eagerly():
        model.run_eagerly = True
    result = model.train_on_batch(inputs, targets)
    return float(np.ravel(result)[0])
