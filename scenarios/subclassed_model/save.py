"""
A subclassed model with a configuration of its own, as the guides show it.
"""

import numpy as np
import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="scenarios")
class TwoTowers(tf.keras.Model):
    """Two layers side by side, added."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.left = tf.keras.layers.Dense(units, activation="relu")
        self.right = tf.keras.layers.Dense(units)

    def call(self, inputs):
        """Add what the two make of the inputs."""
        return self.left(inputs) + self.right(inputs)

    def get_config(self):
        """Say what it takes to make it again."""
        return {"units": self.units}

    @classmethod
    def from_config(cls, config):
        """Make it again; before Keras 2.11 the default is for functional models."""
        return cls(**config)


def build():
    """Build it by a call."""
    model = TwoTowers(units=5)
    model(tf.zeros((1, 4)))
    return model


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
