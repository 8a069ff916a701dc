"""
A model with BatchNormalization of which only what is trained is kept.

The moving mean and variance are no trainable weights: a checkpoint of `trainable_variables` lacks
them, and a model that is rebuilt from it normalises with zero and one.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build the model, for the load script too."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(6, activation="relu"),
            tf.keras.layers.BatchNormalization(),
            tf.keras.layers.Dense(2),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives; all are positive, for the variances."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write what an optimizer would update."""
    model = build()
    fill(model)
    tf.train.Checkpoint(variables=list(model.trainable_variables)).write(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
