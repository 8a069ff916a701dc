"""
A functional model with two named inputs and two named outputs.

Keras 2 and 3 write the graph between the layers differently, and a `.keras` file names the
module in which Functional lived.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a model that joins two inputs of different width and parts into two heads."""
    numbers = tf.keras.Input(shape=(3,), name="numbers")
    history = tf.keras.Input(shape=(5,), name="history")
    joined = tf.keras.layers.Concatenate()(
        [
            tf.keras.layers.Dense(4, activation="relu")(numbers),
            tf.keras.layers.Dense(4, activation="tanh")(history),
        ]
    )
    price = tf.keras.layers.Dense(1, name="price")(joined)
    kind = tf.keras.layers.Dense(3, activation="softmax", name="kind")(joined)
    return tf.keras.Model(inputs=[numbers, history], outputs=[price, kind])


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model; the inputs go in by name."""
    model = build()
    fill(model)
    model.save(path)
    random = np.random.RandomState(1)
    inputs = {
        "numbers": random.normal(size=(8, 3)).astype("float32"),
        "history": random.normal(size=(8, 5)).astype("float32"),
    }
    return model, inputs
