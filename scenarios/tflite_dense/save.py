"""
A Dense model converted to TensorFlow Lite, in float32: what the interpreter gives must be what
Keras gave.

The converter may use a version of an operation that an older interpreter does not have.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small classifier."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(8, activation="relu"),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Convert the model and write what the interpreter reads."""
    model = build()
    fill(model)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    with open(path, "wb") as file:
        file.write(converter.convert())
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
