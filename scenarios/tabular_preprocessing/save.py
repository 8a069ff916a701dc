"""
Features of a table: numbers in buckets, categories as numbers, names hashed.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a model of an age, a code and a name."""
    age = tf.keras.Input(shape=(1,), name="age")
    code = tf.keras.Input(shape=(1,), dtype="int64", name="code")
    bucket = tf.keras.layers.Discretization(bin_boundaries=[18.0, 40.0, 65.0])(age)
    index = tf.keras.layers.IntegerLookup(vocabulary=[12, 36, 1138])(code)
    hashed = tf.keras.layers.Hashing(num_bins=5)(code)
    encoded = [
        tf.keras.layers.CategoryEncoding(num_tokens=4, output_mode="one_hot")(bucket),
        tf.keras.layers.CategoryEncoding(num_tokens=4, output_mode="one_hot")(index),
        tf.keras.layers.CategoryEncoding(num_tokens=5, output_mode="one_hot")(hashed),
    ]
    outputs = tf.keras.layers.Dense(2, name="head")(tf.keras.layers.concatenate(encoded))
    return tf.keras.Model([age, code], outputs)


def save(path):
    """Write the whole model."""
    model = build()
    head = model.get_layer("head")
    random = np.random.RandomState(0)
    head.set_weights([random.uniform(-1, 1, weight.shape) for weight in head.get_weights()])
    model.save(path)
    age = np.array([[5.0], [18.0], [41.0], [80.0]], "float32")
    return model, (age, np.array([[12], [1138], [7], [36]], "int64"))
