"""
One block of a transformer: attention, residual sums, LayerNormalization, all of Keras's own layers.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small text classifier."""
    tokens = tf.keras.Input(shape=(6,), dtype="int32")
    x = tf.keras.layers.Embedding(20, 8)(tokens)
    attended = tf.keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)(x, x)
    x = tf.keras.layers.LayerNormalization(epsilon=1e-6)(tf.keras.layers.Add()([x, attended]))
    forward = tf.keras.layers.Dense(8)(tf.keras.layers.Dense(12, activation="gelu")(x))
    x = tf.keras.layers.LayerNormalization(epsilon=1e-6)(tf.keras.layers.Add()([x, forward]))
    x = tf.keras.layers.Dropout(0.1)(tf.keras.layers.GlobalAveragePooling1D()(x))
    return tf.keras.Model(tokens, tf.keras.layers.Dense(2, activation="softmax")(x))


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).randint(0, 20, size=(4, 6)).astype("int32")
