"""
Call the loaded object itself, not its signature.
"""

import tensorflow as tf


def load(path):
    """Return the object."""
    return tf.saved_model.load(path)
