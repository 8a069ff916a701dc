"""
A lookup whose vocabulary came from a file, which is not there any more.

Whether the model keeps the words or the path of the file depends on the version and the format.
"""

import os

import numpy as np
import tensorflow as tf


def build(folder):
    """Build a lookup from a file of words."""
    words = os.path.join(folder, "words.txt")
    with open(words, "w") as file:
        file.write("red\ngreen\nblue\n")
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(1,), dtype="string"),
            tf.keras.layers.StringLookup(vocabulary=words),
        ]
    ), words


def save(path):
    """Write the whole model, then remove the file."""
    model, words = build(os.getcwd())
    model.save(path)
    os.remove(words)
    return model, np.array([["red"], ["blue"], ["grey"]])
