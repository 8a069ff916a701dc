"""
A classifier that takes text: an adapted TextVectorization, an Embedding and a head.

The vocabulary is no weight but a table, which each format keeps in its own way or not at all.
"""

import numpy as np
import tensorflow as tf

TEXTS = [
    "the cat sat on the mat",
    "the dog sat on the log",
    "cats and dogs",
    "a mat, a log!",
]


def build():
    """Build the model and adapt it to the texts."""
    vectorize = tf.keras.layers.TextVectorization(max_tokens=16, output_sequence_length=6)
    vectorize.adapt(TEXTS)
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(1,), dtype="string"),
            vectorize,
            tf.keras.layers.Embedding(16, 4),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(2),
        ]
    )


def fill(layer, seed):
    """Give each weight of the layer a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(seed)
    layer.set_weights([random.uniform(-1, 1, weight.shape) for weight in layer.get_weights()])


def save(path):
    """Write the whole model; what it is called with holds known and unknown words."""
    model = build()
    fill(model.layers[-3], seed=0)
    fill(model.layers[-1], seed=1)
    model.save(path)
    texts = [*TEXTS, "the bird", "A DOG", "log the mat", ""]
    return model, np.array([[text] for text in texts])
