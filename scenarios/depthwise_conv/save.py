"""
A depthwise separable block, as in MobileNet and in models from Teachable Machine.

Keras 2 writes `groups` into the config of DepthwiseConv2D, and Keras 3 does not know it.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a depthwise and a pointwise convolution with a head."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(8, 8, 3)),
            tf.keras.layers.DepthwiseConv2D(3, padding="same"),
            tf.keras.layers.Conv2D(4, 1, activation="relu"),
            tf.keras.layers.GlobalAveragePooling2D(),
            tf.keras.layers.Dense(2, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 8, 8, 3)).astype("float32")
