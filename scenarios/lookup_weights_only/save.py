"""
The weights of a model with a lookup: the words are no weights, and are not among them.
"""

import numpy as np
import tensorflow as tf


def build(words=None):
    """Build the model, for the load script too, where the words are to come from the file."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(2,), dtype="string"),
            tf.keras.layers.StringLookup(vocabulary=words, mask_token=None),
            tf.keras.layers.Embedding(5, 3),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(2),
        ]
    )


def save(path):
    """Write the weights."""
    model = build(["red", "green", "blue"])
    weights = model.layers[1].get_weights() + model.layers[3].get_weights()
    random = np.random.RandomState(0)
    values = [random.uniform(-1, 1, weight.shape) for weight in weights]
    model.layers[1].set_weights(values[:1])
    model.layers[3].set_weights(values[1:])
    model.save_weights(path)
    return model, np.array([["red", "blue"], ["blue", "grey"], ["green", "red"]])
