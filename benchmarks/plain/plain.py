"""One save or one load, as a script that a user would write; Python 3.6 and later."""

import json
import os
import sys

import numpy as np
import tensorflow as tf


def main(job):
    sys.path.insert(0, job["scenario"])
    if job["kind"] == "save":
        import save

        os.makedirs(os.path.dirname(job["path"]), exist_ok=True)
        model, inputs = save.save(job["path"])[:2]
        np.save(job["folder"] + "/inputs.npy", {"inputs": inputs}, allow_pickle=True)
        np.save(job["folder"] + "/outputs.npy", {"outputs": call(model, inputs)}, allow_pickle=True)
    else:
        model = load(job)
        inputs = np.load(job["folder"] + "/inputs.npy", allow_pickle=True).item()["inputs"]
        saved = np.load(job["folder"] + "/outputs.npy", allow_pickle=True).item()["outputs"]
        for before, after in zip(saved, call(model, inputs)):
            np.testing.assert_allclose(before, after, rtol=1e-5, atol=1e-6)


def load(job):
    if os.path.exists(os.path.join(job["scenario"], "load.py")):
        import load as script

        return script.load(job["path"])
    return tf.keras.models.load_model(job["path"])


def call(model, inputs):
    inputs = list(inputs) if isinstance(inputs, tuple) else inputs
    return [np.asarray(leaf) for leaf in tf.nest.flatten(model(inputs, training=False))]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
