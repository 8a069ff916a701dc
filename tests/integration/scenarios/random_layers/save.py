"""A model with layers that give something else at every call, behind one that does not, and another beside them."""

import numpy as np
import tensorflow as tf


def save(path):
    """Write the model; its second output is steady, and is not what it was in Keras 2."""
    layers = tf.keras.layers
    given = tf.keras.Input((8, 8, 1))
    flipped = layers.RandomFlip("horizontal", name="flip")(given, training=True)
    noisy = layers.GaussianNoise(0.5, name="noise")(layers.Flatten()(flipped), training=True)
    dropped = layers.Dropout(0.5, name="drop")(noisy, training=True)
    steady = layers.Dense(2, activation="hard_sigmoid", name="steady")(layers.Flatten()(given))
    model = tf.keras.Model(given, [layers.Dense(2, name="chance")(dropped), steady])
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(1, 8, 8, 1)).astype("float32")
