"""Import TensorFlow and all that a job will want of it, without running an op: a fork does not pay for it again."""

import gc
import importlib
import os
import platform
import random
import shutil
import sys
import tempfile
import warnings

import numpy as np


def tensorflow():
    """Import TensorFlow with its Keras, which hides behind a lazy loader."""
    import tensorflow as tf

    tf.keras.layers.Dense
    return tf


def seed(tf, number):
    """Have everything random begin at a number: what a file does not hold is then made up alike in every run."""
    random.seed(number)
    np.random.seed(number)
    begin = getattr(tf.random, "set_seed", None) or tf.compat.v1.set_random_seed
    begin(number)


def modules(names):
    """Import `names`, as an earlier probe reported them; one that is gone is no loss."""
    for name in names:
        if name not in sys.modules:
            try:
                importlib.import_module(name)
            except Exception:
                continue


def freeze():
    """Keep the collector from touching, and so copying, the pages that children share with the server."""
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()


def check():
    """
    Build and call a layer: an environment that cannot is not ready.

    Raises:
        Exception: Whatever TensorFlow raises.
    """
    _model(tensorflow())


def learn():
    """
    Save and load a model in every format, to learn what that imports.

    Returns:
        The names of all modules that are loaded afterwards.
    """
    tf = tensorflow()
    model = _model(tf)
    folder = tempfile.mkdtemp()
    for name in ("model.h5", "model.keras", "savedmodel"):
        _round_trip(tf, model, os.path.join(folder, name))
    shutil.rmtree(folder, ignore_errors=True)
    return sorted(sys.modules)


def _model(tf):
    import numpy as np

    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
    if tf.executing_eagerly():
        model(tf.ones((1, 2)))
    else:
        model.predict(np.ones((1, 2), "float32"))
    return model


def _round_trip(tf, model, path):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.save(path)
            tf.keras.models.load_model(path)
    except Exception:  # a format that this version lacks is no fault of the environment
        pass


def versions(names):
    """
    Return the versions that were really imported.

    Args:
        names: Modules that the environment is asked to import besides TensorFlow, such as a standalone ``keras``.
    """
    tf = tensorflow()
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": _keras_version(tf, "keras" in names),
        "packages": _packages(),
    }


def _keras_version(tf, standalone):
    root = "keras" if standalone else tf.keras.layers.Layer.__module__.partition(".")[0]
    module = tf.keras if root == "tensorflow" else importlib.import_module(root)
    return getattr(module, "__version__", None)


def _packages():
    found = {}
    for folder in sys.path:
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if name.endswith(".dist-info"):
                package, _, version = name[: -len(".dist-info")].rpartition("-")
                found.setdefault(package.lower().replace("_", "-"), version)
    return found
