"""
A custom layer that makes its variable with `tf.Variable` rather than with `add_weight`.

Keras 2 finds it among the layer's attributes. Keras 3 knows only variables of its own: it neither
saves nor restores this one, and says nothing.
"""

import numpy as np
import tensorflow as tf


@tf.keras.utils.register_keras_serializable("crossload")
class Scale(tf.keras.layers.Layer):
    """Multiply each feature by a factor that is learned."""

    def build(self, input_shape):
        """Make the factors; they begin as ones."""
        self.factors = tf.Variable(tf.ones((input_shape[-1],)), name="factors")
        super(Scale, self).build(input_shape)

    def call(self, inputs):
        """Multiply."""
        return inputs * self.factors

    def compute_output_shape(self, input_shape):
        """Return the shape of the inputs."""
        return input_shape


def save(path):
    """Write the whole model, with factors that were learned."""
    scale = Scale()
    model = tf.keras.Sequential([tf.keras.Input(shape=(4,)), scale, tf.keras.layers.Dense(2)])
    random = np.random.RandomState(0)
    scale.factors.assign(random.uniform(2, 3, 4))
    model.layers[-1].set_weights([random.uniform(-1, 1, (4, 2)), random.uniform(-1, 1, (2,))])
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
