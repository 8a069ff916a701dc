"""A model with layers that give something else at every call, and one beside them that does not."""

import numpy as np
import tensorflow as tf


@tf.keras.utils.register_keras_serializable("crossload")
class Chance(tf.keras.layers.Layer):
    """Add what nobody can foresee; Keras 3 turns its own random layers off when it is asked for no training."""

    def call(self, inputs):
        """Add it."""
        return inputs + tf.random.normal(tf.shape(inputs))

    def compute_output_shape(self, input_shape):
        """Return the shape of the inputs."""
        return input_shape


def save(path):
    """Write the model."""
    layers = tf.keras.layers
    given = tf.keras.Input((8, 8, 1))
    flipped = layers.RandomFlip("horizontal", name="flip")(given, training=True)
    noisy = layers.GaussianNoise(0.5, name="noise")(layers.Flatten()(flipped), training=True)
    dropped = layers.Dropout(0.5, name="drop")(noisy, training=True)
    steady = layers.Dense(2, name="steady")(layers.Flatten()(given))
    model = tf.keras.Model(given, [layers.Dense(2, name="chance")(Chance(name="add")(dropped)), steady])
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(1, 8, 8, 1)).astype("float32")
