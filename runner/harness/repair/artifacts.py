"""What a file is by its content, and what must not be opened. Neither needs TensorFlow, nor runs what it reads."""

import os
import re
import stat
import zipfile

from . import bombs

_ZIP = b"PK"


class Refused(Exception):
    """The artifact must not be opened; the message is a sentence that says what is wrong with it, and where."""


def sniff(path):
    """
    Say what a file or directory is by its content.

    Returns:
        ``h5``, ``keras``, ``weights_h5``, ``savedmodel``, ``export``, ``checkpoint``, ``tflite``, or None.
    """
    if os.path.isdir(path):
        return _sniff_directory(path)
    if os.path.isfile(path):
        return _sniff_file(path)
    return "checkpoint" if os.path.isfile(path + ".index") else None


def _sniff_file(path):
    with open(path, "rb") as file:
        start = file.read(16)
        inside = bombs.begins_hdf5(file)
    if inside:
        return _sniff_hdf5(path)
    if start[4:8] == b"TFL3":
        return "tflite"
    if start[:2] == _ZIP:
        return _sniff_zip(path)
    return "checkpoint" if path.endswith(".index") else None


def _sniff_hdf5(path):
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return "h5" if "model_config" in file.attrs else "weights_h5"
    except Exception:  # damaged: still nothing else than HDF5
        return "h5"


def _sniff_zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            return "keras" if "config.json" in archive.namelist() else None
    except Exception:  # damaged: still nothing else than an archive
        return "keras"


def _sniff_directory(path):
    names = set(os.listdir(path))
    if "keras_metadata.pb" in names:
        return "savedmodel"
    if names & {"saved_model.pb", "saved_model.pbtxt"}:
        return "savedmodel" if _has_keras_objects(path, names) else "export"
    if any(name.endswith(".index") for name in names):
        return "checkpoint"
    return None


def _has_keras_objects(path, names):
    """Tell whether the objects of a SavedModel are Keras's own: until TensorFlow 2.4 their metadata is among them."""
    if "saved_model.pb" not in names:
        return False
    with open(os.path.join(path, "saved_model.pb"), "rb") as file:
        data = file.read()
    return re.search(rb'_tf_keras_\w{1,64}.{0,64}?\{"', data, re.DOTALL) is not None


def check(root):
    """
    Look for what must not be opened, in a file or anywhere in a directory.

    A file that is only damaged is not refused: what loads it says best what is wrong with it.

    Raises:
        Refused: If there is a link, a device, a pipe or a socket, an archive that writes outside of itself, or a file
            that unpacks to far more than it holds.
    """
    for path in _files(root):
        _check_kind(path, os.lstat(path), root)
        if os.path.isdir(path):
            continue
        trouble = bombs.trouble(path)
        if trouble:
            raise Refused("{}: it is not opened.".format(trouble.format(name=_shown(path, root))))


def _files(root):
    yield root
    if os.path.islink(root) or not os.path.isdir(root):
        return
    for folder, directories, files in os.walk(root):
        for name in sorted(directories + files):
            yield os.path.join(folder, name)


def _check_kind(path, status, root):
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        what = "{} is a symbolic link to {!r}, which may lead anywhere"
        raise Refused(what.format(_shown(path, root), os.readlink(path)) + ": it is not opened.")
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        kinds = (
            (stat.S_ISFIFO, "a pipe"),
            (stat.S_ISSOCK, "a socket"),
            (stat.S_ISBLK, "a device"),
            (stat.S_ISCHR, "a device"),
        )
        kind = next(name for test, name in kinds if test(mode))
        raise Refused("{} is {}, no file: it is not opened.".format(_shown(path, root), kind))


def _shown(path, root):
    return os.path.basename(path) if path == root else os.path.relpath(path, root)
