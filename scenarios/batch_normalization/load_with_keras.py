"""
Load it with the Keras that stands beside TensorFlow.
"""

import keras


def load(path):
    """Load the whole model."""
    return keras.models.load_model(path)
