"""
A model of mixed precision, whose layers keep their policy in the configuration.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small classifier that computes in float16."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(8, activation="relu", dtype="mixed_float16"),
            tf.keras.layers.Dense(3, activation="softmax", dtype="float32"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
