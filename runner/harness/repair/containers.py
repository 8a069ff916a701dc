"""Where each format keeps its configuration, and how a copy with another one is written."""

import json
import os
import shutil
import zipfile

from . import NothingToRepair, wire

_ATTRIBUTES = ("model_config", "training_config")
_LARGEST = 16 * 2**20  # bytes of JSON, which takes twenty times as much memory


def copy_to(path, out):
    """Copy a file or a directory; a link in it stays one, as it may lead anywhere."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.copytree(path, out, symlinks=True)
    else:
        shutil.copyfile(path, out, follow_symlinks=False)


def read_h5(path):
    """Return the configurations in an HDF5 file's attributes, by attribute."""
    import h5py

    with h5py.File(path, "r") as file:
        found = {name: _text(file.attrs[name]) for name in _ATTRIBUTES if name in file.attrs}
    if "model_config" not in found:
        raise NothingToRepair(
            "The HDF5 file holds weights and no model_config, so there is no configuration to repair."
        )
    return {name: _decoded(text) for name, text in found.items()}


def write_h5(configs, path, out):
    """Copy an HDF5 file and give the copy these configurations."""
    import h5py

    shutil.copyfile(path, out)
    with h5py.File(out, "r+") as file:
        for name, config in configs.items():
            # As bytes: h5py 2 and 3 read those alike.
            file.attrs[name] = json.dumps(config).encode("utf-8")


def _decoded(text):
    """Return the object that a JSON text holds; None stands for a model that was not compiled."""
    found = json.loads(_bounded(text))
    if not isinstance(found, (dict, type(None))):
        raise NothingToRepair("The configuration is JSON, but no object: there is nothing to repair in it.")
    return found


def _bounded(data):
    if len(data) > _LARGEST:
        most = _LARGEST // 2**20
        raise NothingToRepair("The configuration is larger than {} MiB, which is more than is read.".format(most))
    return data


def _text(value):
    return value.decode("utf-8") if isinstance(value, bytes) else value


def read_keras(path):
    """Return the config.json of a ``.keras`` archive."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("config.json") as file:
            return _decoded(_bounded(file.read(_LARGEST + 1)).decode("utf-8"))
    except (zipfile.BadZipFile, KeyError):
        raise NothingToRepair(
            "The file is no .keras archive with a config.json, so there is no configuration to repair."
        )


def major_version(path):
    """Return the major version of the Keras that wrote a ``.keras`` archive, or None."""
    try:
        with zipfile.ZipFile(path) as archive:
            version = json.loads(archive.read("metadata.json").decode("utf-8"))["keras_version"]
        return int(version.split(".")[0])
    except Exception:  # damaged, or something else: nothing is known then
        return None


def write_keras(path, out, replaced):
    """
    Copy a ``.keras`` archive with other members.

    Args:
        replaced: The new bytes of members, by name; None leaves the member out.
    """
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w") as copy:
        for member in archive.infolist():
            data = replaced.get(member.filename, archive.read(member))
            if data is not None:
                copy.writestr(member, data)


def read_metadata(path):
    """Return the configurations of a SavedModel's Keras metadata: one dict for every object, in the file's order."""
    try:
        with open(os.path.join(path, "keras_metadata.pb"), "rb") as file:
            texts = wire.metadata(_bounded(file.read(_LARGEST + 1)))
    except (OSError, ValueError):
        raise NothingToRepair("The SavedModel has no keras_metadata.pb, so there is no configuration to repair.")
    return [_decoded(text) if text else {} for text in texts]


def write_metadata(configs, path, out):
    """Copy a SavedModel and give the copy these configurations."""
    copy_to(path, out)
    name = os.path.join(out, "keras_metadata.pb")
    with open(name, "rb") as file:
        data = file.read()
    texts = [json.dumps(config) if config else "" for config in configs]
    with open(name, "wb") as file:
        file.write(wire.with_metadata(data, texts))
