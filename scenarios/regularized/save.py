"""
Regularizers, constraints and initializers, which are objects of their own in the configuration.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small regressor with all of them."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(
                6,
                activation=tf.keras.layers.LeakyReLU(),
                kernel_initializer=tf.keras.initializers.HeNormal(seed=1),
                kernel_regularizer=tf.keras.regularizers.L1L2(l1=0.01, l2=0.02),
                activity_regularizer=tf.keras.regularizers.L2(0.01),
            ),
            tf.keras.layers.Dense(
                2,
                kernel_initializer=tf.keras.initializers.Orthogonal(seed=1),
                kernel_constraint=tf.keras.constraints.MaxNorm(2.0),
                bias_constraint=tf.keras.constraints.NonNeg(),
            ),
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
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
