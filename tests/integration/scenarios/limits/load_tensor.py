"""Makes a tensor of a hundred gigabytes beside the model."""

import tensorflow as tf


def load(path):
    model = tf.keras.models.load_model(path)
    tf.ones((25 * 10**9,))
    return model
