"""
A file that has a model's name and is a web page, as when a link led to a login.
"""

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
    """Write a web page."""
    model = build()
    fill(model)
    with open(path, "w") as file:
        file.write("<!DOCTYPE html><html><body>Please sign in.</body></html>")
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
