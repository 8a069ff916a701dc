"""
Another layer that Keras 3 took away, with weights.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small signal model."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(6, 2)),
            tf.keras.layers.LocallyConnected1D(3, 2, activation="relu"),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(2),
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
    return model, np.random.RandomState(1).normal(size=(4, 6, 2)).astype("float32")
