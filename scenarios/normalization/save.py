"""
A Normalization layer that learned mean and variance with `adapt`.

They are weights that no optimizer trains; a loader that restores them too late goes on with its
initial ones.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a regressor and adapt it to features on very different scales."""
    normalize = tf.keras.layers.Normalization()
    normalize.adapt(np.random.RandomState(2).normal([5.0, -200.0, 0.1], [1.0, 30.0, 0.02], (64, 3)))
    return tf.keras.Sequential([tf.keras.Input(shape=(3,)), normalize, tf.keras.layers.Dense(2)])


def fill(layer):
    """Give each weight of the layer a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    layer.set_weights([random.uniform(-1, 1, weight.shape) for weight in layer.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model.layers[-1])
    model.save(path)
    inputs = np.random.RandomState(1).normal([5.0, -200.0, 0.1], [1.0, 30.0, 0.02], (8, 3))
    return model, inputs.astype("float32")
