"""
A transformer block: self-attention with a residual and a LayerNormalization.

Newer versions of MultiHeadAttention write arguments that older ones refuse, and Keras 3 those
of Keras 2.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build one encoder block with a head."""
    tokens = tf.keras.Input(shape=(6, 8))
    attended = tf.keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)(tokens, tokens)
    joined = tf.keras.layers.Add()([tokens, attended])
    normalized = tf.keras.layers.LayerNormalization()(joined)
    pooled = tf.keras.layers.GlobalAveragePooling1D()(normalized)
    return tf.keras.Model(tokens, tf.keras.layers.Dense(2, activation="softmax")(pooled))


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost or exchanged one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model."""
    model = build()
    fill(model)
    model.save(path)
    return model, np.random.RandomState(1).normal(size=(8, 6, 8)).astype("float32")
