"""
A model class with a training step of its own, as guides teach for everything out of the ordinary.
"""

import numpy as np
import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="scenarios")
class Stepwise(tf.keras.Model):
    """A functional model that is trained by hand."""

    def train_step(self, data):
        """Take one step down the squared error."""
        inputs, targets = data[:2]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self(inputs, training=True) - targets))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))  # noqa: B905  (came with Python 3.10)
        return {"loss": loss}


def build():
    """Build and compile it, functionally, of that class."""
    inputs = tf.keras.Input(shape=(4,))
    outputs = tf.keras.layers.Dense(1)(tf.keras.layers.Dense(6, activation="tanh")(inputs))
    model = Stepwise(inputs, outputs)
    model.compile(optimizer=tf.keras.optimizers.SGD(0.05))
    model.run_eagerly = True
    return model


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Train two steps and write the whole model, optimizer included."""
    model = build()
    fill(model)
    inputs = np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
    targets = inputs.sum(axis=1, keepdims=True)
    for _ in range(2):
        model.train_on_batch(inputs, targets)
    model.save(path)
    return model, inputs, targets
