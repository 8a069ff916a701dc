"""
Use the trained SavedModel as a layer, as Keras 3 advises.
"""

import tensorflow as tf


def load(path):
    """Return the saved serving function as a layer."""
    return tf.keras.layers.TFSMLayer(path, call_endpoint="serving_default")
