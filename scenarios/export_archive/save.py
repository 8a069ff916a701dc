"""
An export with two endpoints, written by Keras's ExportArchive.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small classifier."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(8, activation="relu"),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the archive."""
    if not hasattr(tf.keras, "export"):
        raise NotImplementedError("ExportArchive came with Keras 2.13")
    model = build()
    fill(model)
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    spec = [tf.TensorSpec((None, 4), "float32")]
    archive.add_endpoint("serve", model.call, input_signature=spec)
    archive.add_endpoint("doubled", lambda x: 2 * model(x), input_signature=spec)
    archive.write_out(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
