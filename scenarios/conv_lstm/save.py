"""
Convolution over time: its recurrent activation is `hard_sigmoid` by default, which Keras 3 defines anew.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small video model."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(3, 5, 5, 2)),
            tf.keras.layers.ConvLSTM2D(3, 3, padding="same"),
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
    return model, np.random.RandomState(1).normal(size=(2, 3, 5, 5, 2)).astype("float32")
