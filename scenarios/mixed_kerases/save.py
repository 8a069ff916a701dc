"""
A model of `tf.keras` compiled with an optimizer of `keras`: one program, two Kerases.
"""

import keras
import numpy as np
import tensorflow as tf


def build():
    """Build a regressor."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(6, activation="relu"),
            tf.keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mean_squared_error")
    model.run_eagerly = True
    return model


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Train two steps and write the whole model, optimizer included."""
    model = build()
    fill(model)
    inputs = np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
    targets = inputs.sum(axis=1, keepdims=True)
    for _ in range(2):
        model.train_on_batch(inputs, targets)
    model.save(path)
    return model, inputs, targets
