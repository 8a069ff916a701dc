"""
Padded sequences behind a mask, a layer applied at every step, and a recurrent layer that heeds the mask.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small signal model."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(6, 3)),
            tf.keras.layers.Masking(mask_value=0.0),
            tf.keras.layers.TimeDistributed(tf.keras.layers.Dense(4, activation="tanh")),
            tf.keras.layers.SimpleRNN(5),
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
    inputs = np.random.RandomState(1).normal(size=(4, 6, 3)).astype("float32")
    inputs[:, 4:] = 0
    return model, inputs
