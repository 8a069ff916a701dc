"""
A Softmax over another axis than the last one, as attention over time steps has it.

Keras 3.0 to 3.8 drop `axis` when they read h5, and go on with the default: where the shape allows
it, nothing is said (https://github.com/keras-team/keras/issues/20963).
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a scorer that weighs three steps against each other."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(3, 4)),
            tf.keras.layers.Dense(3),
            tf.keras.layers.Softmax(axis=1),
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
    return model, np.random.RandomState(1).normal(size=(8, 3, 4)).astype("float32")
