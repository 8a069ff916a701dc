"""
A Sequential model written with `save_format="h5"`, as in many tutorials.

Keras 3 calls the argument deprecated; a version that refuses it fails when saving.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a regressor that does not state its input with an Input, as older code does not."""
    return tf.keras.Sequential(
        [
            tf.keras.layers.Dense(6, activation="tanh", input_shape=(5,)),
            tf.keras.layers.Dense(1),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model, with the format spelled out."""
    model = build()
    fill(model)
    model.save(path, save_format="h5")
    return model, np.random.RandomState(1).normal(size=(8, 5)).astype("float32")
