"""
Runs inside an environment: saves models, and loads what the harness's repair makes of them.

    python models.py save FOLDER
    python models.py load FOLDER SAVED HARNESS    prints one line of JSON for every artifact below SAVED
"""

import json
import os
import sys

import numpy as np
import tensorflow as tf

keras, layers = tf.keras, tf.keras.layers


def compiled():
    """Two layers of a class, and all that compiling writes."""
    given = keras.Input((4,))
    hidden = layers.Dense(5, activation="relu", kernel_regularizer="l2")(given)
    model = keras.Model(given, layers.Dense(3)(hidden))
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.ones((2, 4), "float32"), np.ones((2, 3), "float32"))
    return model, [(4,)]


def recurrent():
    """Time-major recurrent layers in wrappers, one of them called with states."""
    given, other = keras.Input((5, 3)), keras.Input((4, 3))
    _, h, c = layers.LSTM(4, return_state=True)(given)
    hidden = layers.LSTM(4, return_sequences=True)(other, initial_state=[h, c])
    hidden = layers.TimeDistributed(layers.Dense(3))(hidden)
    return keras.Model([given, other], layers.Bidirectional(layers.GRU(2))(hidden)), [(5, 3), (4, 3)]


def nested():
    """A model that is called twice in another."""
    inner = keras.Input((4,))
    part = keras.Model(inner, layers.Dense(4)(layers.Dense(6)(inner)), name="part")
    given = keras.Input((4,))
    return keras.Model(given, layers.Dense(3)(part(part(given)))), [(4,)]


def attention():
    """Tensors among a layer's keyword arguments."""
    given = keras.Input((6, 8))
    hidden = layers.MultiHeadAttention(2, 4)(given, given)
    hidden = layers.MultiHeadAttention(2, 4)(query=hidden, value=given, key=hidden)
    return keras.Model(given, layers.LayerNormalization(axis=[1, 2])(hidden)), [(6, 8)]


def convolutions():
    """Arguments that only some versions have."""
    given = keras.Input((8, 8, 3))
    hidden = layers.BatchNormalization()(layers.Conv2D(4, 3)(given))
    hidden = layers.SpatialDropout2D(0.2)(layers.DepthwiseConv2D(3)(hidden))
    hidden = layers.Concatenate(axis=1)([hidden, layers.SeparableConv2D(4, 1)(hidden)])
    return keras.Model(given, layers.Conv2DTranspose(2, 2)(hidden)), [(8, 8, 3)]


MODELS = (compiled, recurrent, nested, attention, convolutions)
SUFFIXES = (".h5", ".keras")


def inputs(shapes):
    """Return the same inputs everywhere."""
    return [np.random.RandomState(0).rand(2, *shape).astype("float32") for shape in shapes]


def outputs(model, shapes):
    """Ask a model."""
    given = [tf.constant(value) for value in inputs(shapes)]
    return np.asarray(model(given if len(given) > 1 else given[0], training=False))


def save(folder):
    """Save every model in both formats, with what it gave."""
    for make in MODELS:
        model, shapes = make()
        noise = np.random.RandomState(1)
        model.set_weights([value + noise.rand(*value.shape).astype(value.dtype) / 5 for value in model.get_weights()])
        np.save(os.path.join(folder, make.__name__ + ".npy"), outputs(model, shapes))
        for suffix in SUFFIXES:
            model.save(os.path.join(folder, make.__name__ + suffix))


def load(folder, saved, harness):
    """Repair, load and ask every artifact."""
    sys.path.insert(0, harness)
    for make in MODELS:
        for suffix in SUFFIXES:
            path = os.path.join(saved, make.__name__ + suffix)
            result = {"model": make.__name__, "format": suffix[1:], "into": _into(make, path)}
            result.update(_repaired(make, path, os.path.join(folder, make.__name__ + suffix)))
            print(json.dumps(result))


def _repaired(make, path, out):
    from harness.repair import NothingToRepair, artifacts, config, weights

    artifacts.check(path)
    kind, changes = artifacts.sniff(path), []
    for step, module in enumerate((config, weights)):
        if module is weights and kind != "keras":
            continue
        target = "{}.{}.{}".format(out, step, kind)
        try:
            changes += module.repair(tf, kind, path, target)
            path = target
        except NothingToRepair as nothing:
            changes.append(str(nothing))
    try:
        return {"changes": changes, "difference": _difference(keras.models.load_model(path), make, out)}
    except Exception as error:
        return {"changes": changes, "difference": str(error)[-300:]}


def _into(make, path):
    from harness.repair import artifacts, weights

    model = make()[0]
    weights.into(tf, model, artifacts.sniff(path), path)
    return _difference(model, make, path)


def _difference(model, make, path):
    saved = os.path.join(os.path.dirname(path), make.__name__ + ".npy")
    wanted = np.load(saved if os.path.exists(saved) else os.path.join(sys.argv[3], make.__name__ + ".npy"))
    return float(np.abs(outputs(model, make()[1]) - wanted).max())


if __name__ == "__main__":
    {"save": save, "load": load}[sys.argv[1]](*sys.argv[2:])
