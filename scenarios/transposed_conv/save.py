"""
Transposed convolutions, as in every decoder and U-Net.

Keras 2 wrote for them what only Conv2D takes (`groups`).
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small decoder."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(6, 6, 2)),
            tf.keras.layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu"),
            tf.keras.layers.Conv2D(1, 3, padding="same"),
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
    return model, np.random.RandomState(1).normal(size=(4, 6, 6, 2)).astype("float32")
