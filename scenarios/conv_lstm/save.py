"""
A ConvLSTM2D with everything left at its default.

Its gates go through `hard_sigmoid` by default in Keras 2, and that is another function in Keras 3.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a model of a short film."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(3, 6, 6, 1)),
            tf.keras.layers.ConvLSTM2D(2, 3),
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
    return model, np.random.RandomState(1).normal(size=(4, 3, 6, 6, 1)).astype("float32")
