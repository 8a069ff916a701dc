"""
Load it as one should: with the loss and the metric handed over by name.
"""

import tensorflow as tf
from save import ShareWithin, relative_error


def load(path):
    """Load the whole model, compile settings included."""
    custom_objects = {"relative_error": relative_error, "ShareWithin": ShareWithin}
    return tf.keras.models.load_model(path, custom_objects=custom_objects)
