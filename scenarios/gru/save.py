"""
A GRU layer, whose bias has two rows because of `reset_after`.

Its config holds `time_major`, which Keras 3 does not know, and a loader with the other
`reset_after` expects another shape of bias.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a forecaster of one value."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(5, 3)),
            tf.keras.layers.GRU(4),
            tf.keras.layers.Dense(1),
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
    return model, np.random.RandomState(1).normal(size=(8, 5, 3)).astype("float32")
