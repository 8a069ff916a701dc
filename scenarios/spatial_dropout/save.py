"""
Dropout of whole channels, which does nothing when the model is used.

Its constructor takes fewer arguments in Keras 3 than Keras 2 stores for it.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small text model."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(8, 3)),
            tf.keras.layers.Conv1D(4, 3, activation="relu"),
            tf.keras.layers.SpatialDropout1D(0.3),
            tf.keras.layers.GlobalMaxPooling1D(),
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
    return model, np.random.RandomState(1).normal(size=(4, 8, 3)).astype("float32")
