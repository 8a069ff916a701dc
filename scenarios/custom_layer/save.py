"""
A model with a registered custom layer that has a weight and a config of its own.

The file keeps the name of the class, not its code, which has to be imported before loading.
"""

import numpy as np
import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="scenarios")
class Scale(tf.keras.layers.Layer):
    """Multiply each feature by a weight of its own, `times` over."""

    def __init__(self, times=1, **kwargs):
        super().__init__(**kwargs)
        self.times = times

    def build(self, input_shape):
        """Create one factor for each feature."""
        self.factor = self.add_weight(name="factor", shape=(input_shape[-1],), initializer="ones")

    def call(self, inputs):
        """Apply the factors."""
        return inputs * self.factor**self.times

    def get_config(self):
        """Say what it takes to make it again."""
        return dict(super().get_config(), times=self.times)


def build():
    """Build a model that scales, then projects."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            Scale(times=2),
            tf.keras.layers.Dense(5, activation="relu"),
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
