"""
Several inputs and outputs by name, one layer shared between them: the functional API as it is used.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a model of a text's numbers and its date."""
    title = tf.keras.Input(shape=(6,), name="title")
    body = tf.keras.Input(shape=(6,), name="body")
    shared = tf.keras.layers.Dense(5, activation="relu", name="shared")
    joined = tf.keras.layers.concatenate([shared(title), shared(body)])
    priority = tf.keras.layers.Dense(1, activation="sigmoid", name="priority")(joined)
    department = tf.keras.layers.Dense(3, activation="softmax", name="department")(joined)
    return tf.keras.Model([title, body], [priority, department])


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    random = np.random.RandomState(1)
    return model, (
        random.normal(size=(8, 6)).astype("float32"),
        random.normal(size=(8, 6)).astype("float32"),
    )
