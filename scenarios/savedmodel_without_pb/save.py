"""
A SavedModel folder without its `saved_model.pb`, as when the path is one level off or a copy
was cut short.

The folder looks right, and only the file that makes it a SavedModel is missing.
"""

import os

import numpy as np
import tensorflow as tf


def build():
    """Build a small classifier."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(8, activation="relu"),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model, then remove its graph."""
    model = build()
    fill(model)
    model.save(path)
    os.remove(os.path.join(path, "saved_model.pb"))
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
