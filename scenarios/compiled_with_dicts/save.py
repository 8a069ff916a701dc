"""
Two outputs, each with a loss and a weight of its own, given by name.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build and compile a model with two heads."""
    inputs = tf.keras.Input(shape=(4,))
    hidden = tf.keras.layers.Dense(5, activation="relu")(inputs)
    size = tf.keras.layers.Dense(1, name="size")(hidden)
    kind = tf.keras.layers.Dense(3, activation="softmax", name="kind")(hidden)
    model = tf.keras.Model(inputs, {"size": size, "kind": kind})
    model.compile(
        optimizer=tf.keras.optimizers.RMSprop(0.01),
        loss={"size": "mean_squared_error", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"size": 0.5, "kind": 2.0},
    )
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
    targets = {"size": inputs.sum(axis=1, keepdims=True), "kind": np.arange(8) % 3}
    for _ in range(2):
        model.train_on_batch(inputs, targets)
    model.save(path)
    return model, inputs, targets
