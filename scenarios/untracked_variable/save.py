"""
A custom layer that keeps a plain `tf.Variable`, as code of before Keras 3 does.

Keras 2 counts it among the weights, Keras 3 does not see it.
"""

import numpy as np
import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="scenarios")
class Offset(tf.keras.layers.Layer):
    """Add a number that is trained."""

    def build(self, input_shape):
        """Create the number."""
        self.offset = tf.Variable(tf.zeros(input_shape[-1]), trainable=True, name="offset")

    def call(self, inputs):
        """Add it."""
        return inputs + self.offset


def build():
    """Build a model with an offset."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            Offset(),
            tf.keras.layers.Dense(2),
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
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
