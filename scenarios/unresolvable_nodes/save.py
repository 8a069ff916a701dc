"""
A configuration that was edited by hand: a layer takes its input from a call that never was.
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
    """Build two layers, functionally."""
    inputs = tf.keras.Input(shape=(4,))
    hidden = tf.keras.layers.Dense(3, name="first")(inputs)
    return tf.keras.Model(inputs, tf.keras.layers.Dense(2, name="second")(hidden))


def misconnect(config):
    """Let the last layer refer to the seventh call of the first."""
    node = config["config"]["layers"][-1]["inbound_nodes"][0]
    if isinstance(node, list):
        node[0][1] = 7
    else:
        node["args"][0]["config"]["keras_history"][1] = 7


def fill(model):
    """Give each weight a value that no initializer gives, so that a lost one shows."""
    random = np.random.RandomState(0)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])


def save(path):
    """Write the whole model, then edit it."""
    model = build()
    fill(model)
    model.save(path)
    edited(path, misconnect)
    return model, np.random.RandomState(1).normal(size=(8, 4)).astype("float32")
