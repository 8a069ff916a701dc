"""
A StringLookup that learned its vocabulary with `adapt`, the usual first layer for categories.

A vocabulary that is lost, or comes back in another order, turns every category into another
one.
"""

import numpy as np
import tensorflow as tf

CITIES = ["Bern", "Turin", "Bern", "Oslo", "Turin", "Bern", "Zagreb"]


def build():
    """Build the model and adapt it to the cities; they are ordered by how often they occur."""
    lookup = tf.keras.layers.StringLookup(output_mode="multi_hot")
    lookup.adapt(CITIES)
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(2,), dtype="string"),
            lookup,
            tf.keras.layers.Dense(3),
        ]
    )


def fill(layer):
    """Give each weight of the layer a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    layer.set_weights([random.uniform(-1, 1, weight.shape) for weight in layer.get_weights()])


def save(path):
    """Write the whole model; what it is called with holds known and unknown cities."""
    model = build()
    fill(model.layers[-1])
    model.save(path)
    journeys = [["Bern", "Turin"], ["Oslo", "Bern"], ["Zagreb", "Zagreb"], ["Lima", "Turin"]]
    return model, np.array(journeys)
