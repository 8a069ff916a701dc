"""
What a training run with callbacks leaves behind: the best model so far, written by ModelCheckpoint.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build and compile a regressor."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(6, activation="relu"),
            tf.keras.layers.BatchNormalization(),
            tf.keras.layers.Dense(1),
        ]
    )
    optimizer = tf.keras.optimizers.Adam(0.02)
    model.compile(optimizer=optimizer, loss="mean_squared_error", metrics=["mean_absolute_error"])
    model.run_eagerly = True
    return model


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Train with callbacks until it does not get better."""
    model = build()
    fill(model)
    inputs = np.random.RandomState(1).normal(size=(16, 4)).astype("float32")
    targets = inputs.sum(axis=1, keepdims=True)
    callbacks = [
        tf.keras.callbacks.EarlyStopping(monitor="loss", patience=1, restore_best_weights=True),
        tf.keras.callbacks.ModelCheckpoint(path, monitor="loss", save_best_only=False),
    ]
    model.fit(inputs, targets, batch_size=16, epochs=3, shuffle=False, verbose=0, callbacks=callbacks)
    return model, inputs
