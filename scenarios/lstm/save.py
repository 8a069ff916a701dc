"""
Two stacked LSTM layers over a short series.

Keras 2 writes `time_major`, which Keras 3 does not know; the order of the gates and the cell's
groups in the file matter too.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a forecaster of one value."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(5, 3)),
            tf.keras.layers.LSTM(4, return_sequences=True),
            tf.keras.layers.LSTM(3),
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
