"""
TensorFlow functions, operators and slices used right on Keras tensors.

Keras 2 makes layers of them (TFOpLambda, SlicingOpLambda) that Keras 3 does not have; in Keras
3 the model cannot be built.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a functional model with raw operations between its layers."""
    features = tf.keras.Input(shape=(4,))
    hidden = tf.keras.layers.Dense(6)(features)
    scaled = tf.math.sin(hidden) * 2.0 + hidden[:, :1]
    return tf.keras.Model(features, tf.keras.layers.Dense(2)(scaled))


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
