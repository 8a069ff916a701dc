"""
A model that takes sequences of different lengths as one ragged tensor.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small text model of layers that take ragged tensors."""
    inputs = tf.keras.Input(shape=(None,), dtype="int64", ragged=True)
    embedded = tf.keras.layers.Embedding(10, 4)(inputs)
    pooled = tf.keras.layers.GlobalAveragePooling1D()(embedded)
    return tf.keras.Model(inputs, tf.keras.layers.Dense(2)(pooled))


def ragged(model):
    """Return the model as a function of zero-padded rows."""
    return lambda rows: model(tf.RaggedTensor.from_tensor(tf.cast(rows, "int64"), padding=0))


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return ragged(model), np.array([[1, 2, 3], [4, 5, 0], [6, 0, 0]])
