"""
Weights that are taken over by the names of layers, one of which has changed since.

`by_name` and `skip_mismatch` are how people carry weights into a model that is no longer the same:
the layer that is called something else keeps its initial values.
"""

import numpy as np
import tensorflow as tf


def build(head):
    """Build the classifier; its last layer is called `head`."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(6, activation="relu", name="body"),
            tf.keras.layers.Dense(3, name=head),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model, from which the weights are taken."""
    model = build("predictions")
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
