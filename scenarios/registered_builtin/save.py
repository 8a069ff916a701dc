"""
A file that gives a layer of Keras's own a registered name, as wrappers around Keras write it.
"""

import json
import zipfile

import numpy as np
import tensorflow as tf


def edited(path, change):
    """Write the configuration in the archive anew."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"].decode())
    change(config)
    files["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def build():
    """Build a small regressor."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(4,)),
            tf.keras.layers.Dense(3),
            tf.keras.layers.Dense(2),
        ]
    )


def rename(config):
    """Register the first layer under a package."""
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "Dense":
            layer["registered_name"] = "mine>Dense"


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model, then edit it."""
    model = build()
    fill(model)
    model.save(path)
    edited(path, rename)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
