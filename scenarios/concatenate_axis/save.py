"""
Two inputs joined along an axis that is not the last.

The HDF5 loader of Keras 3.0 to 3.8 forgets an `axis` that is a whole number.
"""

import numpy as np
import tensorflow as tf


def build():
    """Join two sequences of different lengths."""
    left, right = tf.keras.Input(shape=(2, 4)), tf.keras.Input(shape=(3, 4))
    joined = tf.keras.layers.Concatenate(axis=1)([left, right])
    return tf.keras.Model([left, right], tf.keras.layers.Dense(2)(joined))


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    random = np.random.RandomState(1)
    return model, (
        random.normal(size=(4, 2, 4)).astype("float32"),
        random.normal(size=(4, 3, 4)).astype("float32"),
    )
