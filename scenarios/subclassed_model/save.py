"""
A subclassed model with `get_config`, registered, so that it can be made again from its file.

Its layers are attributes, and their names are where the file keeps the weights.
"""

import numpy as np
import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="scenarios")
class Classifier(tf.keras.Model):
    """Hidden layers of one width, and a head."""

    def __init__(self, width, classes, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.classes = classes
        self.blocks = [tf.keras.layers.Dense(width, activation="relu") for _ in range(2)]
        self.head = tf.keras.layers.Dense(classes, activation="softmax")

    def call(self, inputs):
        """Map features to the share of each class."""
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(inputs)

    def get_config(self):
        """Say what it takes to make it again."""
        return {"name": self.name, "width": self.width, "classes": self.classes}


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows in the outputs."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model, once it was called and so has its weights."""
    inputs = np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
    model = Classifier(width=4, classes=3)
    model(inputs)
    fill(model)
    model.save(path)
    return model, inputs
