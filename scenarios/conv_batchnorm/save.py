"""
Convolution, BatchNormalization and pooling: the body of most image models.

The moving statistics are weights that no optimizer trains, and newer layers write arguments
that older ones refuse.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small image classifier."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(8, 8, 2)),
            tf.keras.layers.Conv2D(4, 3, padding="same", use_bias=False),
            tf.keras.layers.BatchNormalization(),
            tf.keras.layers.ReLU(),
            tf.keras.layers.MaxPooling2D(),
            tf.keras.layers.Conv2D(4, 3, strides=2),
            tf.keras.layers.BatchNormalization(),
            tf.keras.layers.GlobalAveragePooling2D(),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives; all are positive, for the variances."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(0.1, 0.5, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 8, 8, 2)).astype("float32")
