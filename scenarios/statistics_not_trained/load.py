"""
Build the model and restore what was trained.
"""

import tensorflow as tf
from save import build


def load(path):
    """Return the model with the statistics that it began with."""
    model = build()
    restored = tf.train.Checkpoint(variables=list(model.trainable_variables))
    restored.read(path).assert_existing_objects_matched()
    return model
