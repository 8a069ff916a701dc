"""
The weights of an LSTM alone, for a model that is built again from code that leaves everything to the defaults.

What `recurrent_activation` is by default changed in TensorFlow 2; the weights fit all the same.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build the model, for the load script too."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(6, 3)),
            tf.keras.layers.LSTM(5),
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
    model.save_weights(path)
    return model, np.random.RandomState(1).normal(size=(4, 6, 3)).astype("float32")
