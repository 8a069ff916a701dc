"""
Load it, and call it with ragged rows.
"""

import tensorflow as tf
from save import ragged


def load(path):
    """Load the whole model."""
    return ragged(tf.keras.models.load_model(path))
