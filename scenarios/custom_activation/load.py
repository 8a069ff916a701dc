"""
Load it with the class of the activation handed over.
"""

import tensorflow as tf
from save import LeakyReLU


def load(path):
    """Load the whole model."""
    return tf.keras.models.load_model(path, custom_objects={"LeakyReLU": LeakyReLU})
