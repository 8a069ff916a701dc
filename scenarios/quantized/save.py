"""
A model whose weights were quantized to eight bits after training, which came with Keras 3.4.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small classifier."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(16,)),
            tf.keras.layers.Dense(16, activation="relu"),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Quantize the model and write it."""
    model = build()
    if not hasattr(model, "quantize"):
        raise NotImplementedError("Model.quantize came with Keras 3.4")
    fill(model)
    model.quantize("int8")
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 16)).astype("float32")
