"""
A file that is not whole, as when a download broke off.
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
    """Write the whole model, then cut off the end of the file."""
    model = build()
    fill(model)
    model.save(path)
    os.truncate(path, os.path.getsize(path) - 1000)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
