"""A model of the Keras that was a package of its own, before TensorFlow had one."""

import keras
import numpy as np


def save(path):
    model = keras.models.Sequential([keras.layers.Dense(3, activation="relu", input_shape=(4,)), keras.layers.Dense(2)])
    random = np.random.RandomState(0)
    model.set_weights([random.normal(size=weight.shape) for weight in model.get_weights()])
    model.save(path)
    return model, random.normal(size=(8, 4)).astype("float32")
