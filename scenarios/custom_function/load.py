"""
Load it with the function.
"""

import tensorflow as tf
from save import bent


def load(path):
    """Load the whole model."""
    return tf.keras.models.load_model(path, custom_objects={"bent": bent})
