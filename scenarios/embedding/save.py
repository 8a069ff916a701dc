"""
An Embedding that masks its padding, and a pooling that heeds the mask.

If the mask is lost on the way the model still runs, and its averages are wrong.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a classifier of padded sequences of word numbers."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(6,), dtype="int32"),
            tf.keras.layers.Embedding(20, 4, mask_zero=True),
            tf.keras.layers.GlobalAveragePooling1D(),
            tf.keras.layers.Dense(2, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def padded_sequences():
    """Draw eight sequences of different length, each filled up with zeros."""
    random = np.random.RandomState(1)
    numbers = random.randint(1, 20, size=(8, 6)).astype("int32")
    lengths = random.randint(2, 7, size=(8, 1))
    return np.where(np.arange(6) < lengths, numbers, 0).astype("int32")


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, padded_sequences()
