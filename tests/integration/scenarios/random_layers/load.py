"""Load the model where the class is known."""

import tensorflow as tf
from save import Chance


def load(path):
    """Return the model."""
    return tf.keras.models.load_model(path, custom_objects={"Chance": Chance})
