"""
One layer called on two inputs, as in a siamese network.

It has two inbound nodes; a loader that builds it twice, or wires the second call wrongly, gives
another distance.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a model that compares two inputs after the same projection."""
    first = tf.keras.Input(shape=(4,))
    second = tf.keras.Input(shape=(4,))
    project = tf.keras.layers.Dense(3, activation="tanh")
    difference = tf.keras.layers.Subtract()([project(first), project(second)])
    return tf.keras.Model([first, second], tf.keras.layers.Dense(1)(difference))


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model; the inputs go in by position."""
    model = build()
    fill(model)
    model.save(path)
    random = np.random.RandomState(1)
    return model, tuple(random.normal(size=(8, 4)).astype("float32") for _ in range(2))
