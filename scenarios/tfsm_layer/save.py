"""
A model around an exported one, as Keras 3 keeps what it cannot load: the file holds no more than its path.
"""

import os

import numpy as np
import tensorflow as tf


def build(folder):
    """Export a small model, and build one around the export."""
    if not hasattr(tf.keras.layers, "TFSMLayer"):
        raise NotImplementedError("TFSMLayer came with Keras 3")
    inner = tf.keras.Sequential([tf.keras.Input(shape=(4,)), tf.keras.layers.Dense(3)])
    fill(inner)
    inner.export(folder)
    inputs = tf.keras.Input(shape=(4,))
    outputs = tf.keras.layers.TFSMLayer(folder, call_endpoint="serve")(inputs)
    return tf.keras.Model(inputs, outputs)


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model, and the export beside it."""
    model = build(os.path.join(os.path.dirname(path), "exported"))
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
