"""
A model that is fed float64, as pandas and NumPy have it: Keras casts, what was exported of it does not.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small regressor."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(8, activation="relu"),
            tf.keras.layers.Dense(1),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Export it for serving."""
    model = build()
    fill(model)
    if hasattr(model, "export"):
        model.export(path)
    else:
        tf.saved_model.save(model, path)
    return model, np.random.RandomState(1).normal(size=(8, 4))
