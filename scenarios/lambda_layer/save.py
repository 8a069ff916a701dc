"""
A Lambda layer around a Python lambda.

What is saved is the byte code of one minor version of Python, and newer versions of Keras
refuse to run it unless told to.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a model that scales its input with a lambda."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Lambda(lambda pixels: pixels / 127.5 - 1.0),
            tf.keras.layers.Dense(3),
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
    return model, np.random.RandomState(1).uniform(0, 255, size=(8, 4)).astype("float32")
