"""
A separable convolution, as in Xception.

Keras 2 wrote for it what only Conv2D takes: `groups`, and an initializer for a kernel that it does not have.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small image model."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(6, 6, 2)),
            tf.keras.layers.SeparableConv2D(4, 3, padding="same", activation="relu"),
            tf.keras.layers.GlobalAveragePooling2D(),
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
    return model, np.random.RandomState(1).normal(size=(4, 6, 6, 2)).astype("float32")
