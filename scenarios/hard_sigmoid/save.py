"""
An activation whose meaning changed while its name did not: `hard_sigmoid`.

Keras 2 has `clip(0.2 * x + 0.5, 0, 1)`, Keras 3 `relu6(x + 3) / 6`: it loads, runs, and gives
something else.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a model that gates with hard_sigmoid, as squeeze-and-excite blocks do."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(6, activation="hard_sigmoid"),
            tf.keras.layers.Dense(2),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(scale=2.0, size=(8, 4)).astype("float32")
