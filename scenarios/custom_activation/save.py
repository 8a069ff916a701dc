"""
A subclassed model in which a custom layer is the activation of a Dense layer, written as a
SavedModel.

The custom class bears the name of a built-in one, as own versions of activations often do, and
takes another argument. Whoever loads the folder without the class may be told that `Dense` is
at fault.
"""

import numpy as np
import tensorflow as tf


class LeakyReLU(tf.keras.layers.Layer):
    """Let a share of what is negative through, as the built-in one does with `alpha`."""

    def __init__(self, slope=0.1, **kwargs):
        super().__init__(**kwargs)
        self.slope = slope

    def call(self, inputs):
        """Apply it to each element."""
        return tf.maximum(inputs, self.slope * inputs)

    def get_config(self):
        """Say what it takes to make it again."""
        return dict(super().get_config(), slope=self.slope)


class Regressor(tf.keras.Model):
    """One hidden layer with the custom activation, and a head."""

    def __init__(self):
        super().__init__()
        self.hidden = tf.keras.layers.Dense(6, activation=LeakyReLU(slope=0.4))
        self.head = tf.keras.layers.Dense(1)

    def call(self, inputs):
        """Map features to one value."""
        return self.head(self.hidden(inputs))


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
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
