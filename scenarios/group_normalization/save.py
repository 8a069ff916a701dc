"""
A layer that is younger than some of the versions: GroupNormalization came with Keras 2.11.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small image model."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(6, 6, 2)),
            tf.keras.layers.Conv2D(4, 3),
            tf.keras.layers.GroupNormalization(groups=2),
            tf.keras.layers.GlobalAveragePooling2D(),
            tf.keras.layers.Dense(2),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(4, 6, 6, 2)).astype("float32")
