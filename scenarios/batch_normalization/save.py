"""
A batch normalization whose axis is given: tf.keras stores a list, where Keras beside it had a number.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a model that does nothing else."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.BatchNormalization(axis=-1),
            tf.keras.layers.ReLU(),
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
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
