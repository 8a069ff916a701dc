"""
A model exported for serving: a graph with a signature, and no Keras in it.

It needs no Python class to load, but every operation in the graph must be known to the
TensorFlow that loads it.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small image classifier."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(8, 8, 2), name="image"),
            tf.keras.layers.Conv2D(4, 3, activation="relu"),
            tf.keras.layers.BatchNormalization(),
            tf.keras.layers.GlobalAveragePooling2D(),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives; all are positive, for the variances."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])


def export(model, path):
    """Write the serving graph the way this version has for it: `Model.export` came with 2.13."""
    if hasattr(model, "export"):
        model.export(path)
    else:
        tf.saved_model.save(model, path)


def save(path):
    """Write the serving graph."""
    model = build()
    fill(model)
    export(model, path)
    return model, np.random.RandomState(1).normal(size=(8, 8, 8, 2)).astype("float32")
