"""
A softmax along an axis that is not the last, on a square: with the axis forgotten it still runs.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small attention map."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4, 3)),
            tf.keras.layers.Dense(4),
            tf.keras.layers.Softmax(axis=1),
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
    return model, np.random.RandomState(1).normal(size=(4, 4, 3)).astype("float32")
