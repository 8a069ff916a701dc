"""
A `tf.train.Checkpoint` of model and optimizer, as custom training loops write it.

It is matched by the names of attributes, and what finds no match is silently left as it was.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build and compile the model, for the load script too, with weights that are not the saved ones."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(6, activation="relu", kernel_initializer="ones"),
            tf.keras.layers.Dense(1, kernel_initializer="ones"),
        ]
    )
    model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.02), loss="mse")
    model.run_eagerly = True  # traced, one step takes tf_keras 15 seconds
    return model


def checkpoint(model):
    """Name what is kept, the same on both sides."""
    return tf.train.Checkpoint(model=model, optimizer=model.optimizer)


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Train two steps and write the checkpoint."""
    model = build()
    fill(model)
    inputs = np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
    targets = inputs.sum(axis=1, keepdims=True)
    for _ in range(2):
        model.train_on_batch(inputs, targets)
    checkpoint(model).write(path)
    return model, inputs, targets
