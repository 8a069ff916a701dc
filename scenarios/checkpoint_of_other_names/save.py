"""
A checkpoint of a model under one name, that is restored under another.

`tf.train.Checkpoint` matches by the names that it was given. Whoever serves the model gives it
another one than whoever trained it, and `expect_partial` keeps that quiet.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build the model, for the load script too, with weights that are not the saved ones."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(6, activation="relu"),
            tf.keras.layers.Dense(2),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the checkpoint as a training loop does, the model as `net`."""
    model = build()
    fill(model)
    tf.train.Checkpoint(net=model).write(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
