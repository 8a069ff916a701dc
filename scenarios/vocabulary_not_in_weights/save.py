"""
A StringLookup whose model is brought over as weights only.

The vocabulary is a table and no weight (https://github.com/tensorflow/tensorflow/issues/56054): a
file of weights does not hold it. The load script has to know it from elsewhere, and knows last year's.
"""

import numpy as np
import tensorflow as tf


def build(cities):
    """Build the model for a vocabulary."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(2,), dtype="string"),
            tf.keras.layers.StringLookup(vocabulary=cities, output_mode="multi_hot"),
            tf.keras.layers.Dense(3),
        ]
    )


def fill(layer):
    """Give each weight of the layer a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    layer.set_weights([random.uniform(-1, 1, weight.shape) for weight in layer.get_weights()])


def save(path):
    """Write the weights; the vocabulary is that of the newest data, the most frequent city first."""
    model = build(["Turin", "Bern", "Zagreb", "Oslo"])
    fill(model.layers[-1])
    model.save_weights(path)
    journeys = [["Bern", "Turin"], ["Oslo", "Bern"], ["Zagreb", "Zagreb"], ["Lima", "Turin"]]
    return model, np.array(journeys)
