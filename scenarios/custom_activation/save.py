"""
A subclassed model in which a custom layer is the activation of a Dense layer, written as a SavedModel.

The config of the Dense layer names a class that its activations cannot find, unless it is handed over.
"""

import numpy as np
import tensorflow as tf


class SquarePlus(tf.keras.layers.Layer):
    """A smooth relative of relu: `(x + sqrt(x * x + width)) / 2`."""

    def __init__(self, width=4.0, **kwargs):
        super().__init__(**kwargs)
        self.width = width

    def call(self, inputs):
        """Apply it to each element."""
        return 0.5 * (inputs + tf.sqrt(inputs * inputs + self.width))

    def get_config(self):
        """Say what it takes to make it again."""
        return dict(super().get_config(), width=self.width)


class Regressor(tf.keras.Model):
    """One hidden layer with the custom activation, and a head."""

    def __init__(self):
        super().__init__()
        self.hidden = tf.keras.layers.Dense(6, activation=SquarePlus(width=2.0))
        self.head = tf.keras.layers.Dense(1)

    def call(self, inputs):
        """Map features to one value."""
        return self.head(self.hidden(inputs))


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows in the outputs."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model, once it was called and so has its weights."""
    inputs = np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
    model = Regressor()
    model(inputs)
    fill(model)
    model.save(path)
    return model, inputs
