"""
A model saved with `tf.saved_model.save` and served by a session, as saved_model_cli and the Java API do it.
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
    """Write the serving graph from a module around the model."""
    model = build()
    fill(model)
    module = tf.Module()
    module.model = model
    spec = tf.TensorSpec((None, 4), "float32")
    module.serve = tf.function(lambda inputs: {"outputs": model(inputs)}, input_signature=[spec])
    tf.saved_model.save(module, path, signatures={"serving_default": module.serve})
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
