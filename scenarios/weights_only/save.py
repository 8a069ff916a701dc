"""
Only the weights are saved, and the model is built again from its code.

What breaks then is no config but the names and the order under which the file keeps each
layer's weights.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build the model, for the load script too, with weights that are not the saved ones."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(6),
            tf.keras.layers.BatchNormalization(),
            tf.keras.layers.ReLU(),
            tf.keras.layers.Dense(6, activation="tanh"),
            tf.keras.layers.Dense(2, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives; all are positive, for the variances."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the weights; the path says whether as HDF5 or as a TensorFlow checkpoint."""
    model = build()
    fill(model)
    model.save_weights(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
