"""
Preprocessing inside the model: sizes, scales, and augmentation that does nothing when the model is used.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a small image model."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(8, 8, 3)),
            tf.keras.layers.Resizing(6, 6),
            tf.keras.layers.Rescaling(1.0 / 255),
            tf.keras.layers.CenterCrop(4, 4),
            tf.keras.layers.RandomFlip("horizontal", seed=1),
            tf.keras.layers.RandomRotation(0.1, seed=1),
            tf.keras.layers.Conv2D(3, 3),
            tf.keras.layers.GlobalAveragePooling2D(),
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
    return model, np.random.RandomState(1).uniform(0, 255, size=(4, 8, 8, 3)).astype("float32")
