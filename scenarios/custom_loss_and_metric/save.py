"""
A model compiled with a loss function and a metric class of one's own.

Layers and weights are all built-in, and yet a plain `load_model` does not load it: the compile
settings name what it cannot find.
"""

import numpy as np
import tensorflow as tf


def relative_error(truth, prediction):
    """Average the error as a share of the true size."""
    return tf.reduce_mean(tf.abs(truth - prediction) / (tf.abs(truth) + 1.0), axis=-1)


class ShareWithin(tf.keras.metrics.Metric):
    """The share of predictions no further than `margin` from the truth."""

    def __init__(self, margin=0.5, name="share_within", **kwargs):
        super().__init__(name=name, **kwargs)
        self.margin = margin
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.seen = self.add_weight(name="seen", initializer="zeros")

    def update_state(self, truth, prediction, sample_weight=None):
        """Count the predictions, and those within the margin."""
        within = tf.cast(tf.abs(truth - prediction) <= self.margin, "float32")
        self.hits.assign_add(tf.reduce_sum(within))
        self.seen.assign_add(tf.reduce_sum(tf.ones_like(within)))

    def result(self):
        """Divide what hit by what was seen."""
        return tf.math.divide_no_nan(self.hits, self.seen)

    def get_config(self):
        """Say what it takes to make it again."""
        return dict(super().get_config(), margin=self.margin)


def build():
    """Build and compile a regressor."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(6, activation="relu"),
            tf.keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss=relative_error, metrics=[ShareWithin(margin=0.25)])
    model.run_eagerly = True  # traced, one step takes tf_keras 15 seconds
    return model


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Train one step and write the whole model, compile settings included."""
    model = build()
    fill(model)
    inputs = np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
    targets = inputs.sum(axis=1, keepdims=True)
    model.train_on_batch(inputs, targets)
    model.save(path)
    return model, inputs, targets
