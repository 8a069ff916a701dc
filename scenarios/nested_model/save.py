"""
A frozen encoder inside a model with a new head: transfer learning.

The weights of a frozen model come in another order than those of a trainable one, and some
releases of Keras 3 never come back from loading a nested model that Keras 2 wrote.
"""

import numpy as np
import tensorflow as tf


def encoder():
    """Build the inner model, all equally wide, so that weights in a wrong order would still fit."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(4),
            tf.keras.layers.BatchNormalization(),
            tf.keras.layers.ReLU(),
            tf.keras.layers.Dense(4),
            tf.keras.layers.BatchNormalization(),
        ],
        name="encoder",
    )


def build():
    """Build the outer model around the frozen encoder."""
    inner = encoder()
    inner.trainable = False
    features = tf.keras.Input(shape=(4,))
    outputs = tf.keras.layers.Dense(2, activation="softmax")(inner(features))
    return tf.keras.Model(features, outputs)


def fill(model):
    """Give each weight a value that no initializer gives; all are positive, for the variances."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model, the encoder within it."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
