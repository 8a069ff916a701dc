"""
An export with signatures of one's own, written as `tf.function`s of a module.
"""

import numpy as np
import tensorflow as tf


class Service(tf.Module):
    """A model behind the function that is served."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    @tf.function(input_signature=[tf.TensorSpec((None, 4), "float32", name="features")])
    def serve(self, features):
        """Return the scores, and the best of them."""
        scores = self.model(features)
        return {"scores": scores, "best": tf.argmax(scores, axis=-1)}


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
    """Write the service."""
    model = build()
    fill(model)
    service = Service(model)
    tf.saved_model.save(service, path, signatures={"serving_default": service.serve})
    return lambda features: service.serve(features), np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
