"""
A Bidirectional LSTM, a layer that wraps one and makes a second of it.

The names of the two inner layers and of their cells are part of the file, and changed more than
once.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a sequence classifier."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(5, 3)),
            tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(3)),
            tf.keras.layers.Dense(2, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that no exchange goes unseen."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 5, 3)).astype("float32")
