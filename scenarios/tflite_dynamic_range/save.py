"""
A TensorFlow Lite file with weights of eight bits, which the converter writes with the newest version of each op.
"""

import numpy as np
import tensorflow as tf


def build():
    """Build a classifier with enough weights to be worth it."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(64,)),
            tf.keras.layers.Dense(64, activation="relu"),
            tf.keras.layers.Dense(64, activation="relu"),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Convert the model with the default optimizations."""
    model = build()
    fill(model)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    with open(path, "wb") as file:
        file.write(converter.convert())
    interpreter = tf.lite.Interpreter(model_path=path)
    interpreter.allocate_tensors()

    def run(inputs):
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], inputs.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.asarray(inputs))
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return run, np.random.RandomState(1).normal(size=(8, 64)).astype("float32")
