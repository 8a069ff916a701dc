"""
A layer that was fine-tuned with a low-rank adapter (LoRA), which Keras 3 merges as it saves.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small text model."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(5,), dtype="int32"),
            tf.keras.layers.Embedding(20, 8, name="words"),
            tf.keras.layers.GlobalAveragePooling1D(),
            tf.keras.layers.Dense(8, activation="relu", name="hidden"),
            tf.keras.layers.Dense(2),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Adapt two layers and write the whole model."""
    model = build()
    if not hasattr(model.get_layer("hidden"), "enable_lora"):
        raise NotImplementedError("enable_lora came with Keras 3.0.5")
    model.get_layer("words").enable_lora(2)
    model.get_layer("hidden").enable_lora(2)
    fill(model)
    model.save(path)
    # As a function: saved, the adapters are a part of the kernels, and so the weights are others.
    return lambda tokens: model(tokens, training=False), np.random.RandomState(1).randint(0, 20, size=(4, 5)).astype(
        "int32"
    )
