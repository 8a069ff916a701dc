"""Which version wrote an artifact, as the artifact itself says."""

import json
import os
import re
import zipfile


def keras_version(path):
    """Return the Keras that wrote a model, for a SavedModel its TensorFlow; empty where the artifact does not say."""
    try:
        if os.path.isdir(path):
            return _of_saved_model(os.path.join(path, "saved_model.pb"))
        return _of_archive(path) if zipfile.is_zipfile(path) else _of_hdf5(path)
    except Exception:  # damaged, or something else: nothing is known then
        return ""


def _of_saved_model(path):
    with open(path, "rb") as file:
        found = re.search(rb"\x2a.(\d+\.\d+\.\d+)", file.read(2**20), re.DOTALL)  # MetaInfoDef.tensorflow_version
    return found.group(1).decode() if found else ""


def _of_archive(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("metadata.json").decode("utf-8"))["keras_version"]


def _of_hdf5(path):
    import h5py

    with h5py.File(path, "r") as file:
        value = file.attrs["keras_version"]
    return value.decode() if isinstance(value, bytes) else str(value)
