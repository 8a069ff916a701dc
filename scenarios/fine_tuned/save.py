"""
Transfer learning: a model inside a model, its layers frozen, a new head trained.
"""

import numpy as np
import tensorflow as tf


def build():
    """Put a head on a frozen base."""
    base = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(8, 8, 3)),
            tf.keras.layers.Conv2D(4, 3, activation="relu"),
            tf.keras.layers.BatchNormalization(),
            tf.keras.layers.GlobalAveragePooling2D(),
        ],
        name="base",
    )
    base.trainable = False
    inputs = tf.keras.Input(shape=(8, 8, 3))
    features = base(inputs, training=False)
    return tf.keras.Model(inputs, tf.keras.layers.Dense(2, activation="softmax")(features))


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(4, 8, 8, 3)).astype("float32")
