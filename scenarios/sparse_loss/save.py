"""
A classifier compiled with a loss object rather than its name, whose arguments are stored too.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build and compile a classifier, of layers whose configuration has not changed in Keras 3."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4, 1)),
            tf.keras.layers.Conv1D(3, 4),
            tf.keras.layers.Flatten(),
        ]
    )
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss)
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
    inputs = np.random.RandomState(1).normal(size=(8, 4, 1)).astype("float32")
    targets = np.arange(8) % 3
    for _ in range(2):
        model.train_on_batch(inputs, targets)
    model.save(path)
    return model, inputs, targets
