"""The weights that a file holds, whatever its format, with the names under which they stand there."""

import os
import re
import shutil
import tempfile
import zipfile
import zlib

import numpy as np

from . import WeightsError

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_NOT_THE_MODEL = (
    "optimizer",
    "_optimizer",
    "metrics",
    "keras_api",
    "save_counter",
    "_CHECKPOINTABLE_OBJECT_GRAPH",
    "optimizer_weights",
)
_CONTAINERS = ("vars#0", "layers#0", "layer_checkpoint_dependencies#0")
_RANDOM = ("seed_generator", "random_generator", "seed_generator_state", "StateVar", "rng_state", "state_var")
_COUNTERS = ("count", "counter", "iteration", "iterations", "step", "num_batches_tracked")


class Entry:
    """
    One weight, in a file or in a model.

    Args:
        names: Tuples of words by style: ``path`` (containers and attributes), ``name`` (layer and weight),
            ``numbered`` (the layers with weights in order).
        value: The array, or the model's variable.
    """

    def __init__(self, names, value, shape, dtype):
        self.names = names
        self.value = value
        self.shape = tuple(shape)
        self.dtype = str(dtype)

    def counts(self):
        """Tell whether it is a weight: no state of a random generator, and no counter."""
        words = [without_number(word).lstrip("_") for name in self.names.values() for word in name]
        if any(word in _RANDOM for word in words):
            return False
        return not ("int" in self.dtype and not self.shape and (set(words) & set(_COUNTERS) or words[-1:] == ["2"]))


def read(tf, file_format, path):
    """
    Read the weights of an artifact, its optimizer's left out, in the file's order.

    Raises:
        WeightsError: If it holds none that can be read.
    """
    try:
        entries = _READERS[file_format](tf, path)
    except KeyError:
        raise WeightsError("A {} artifact has no weights that could be read.".format(file_format))
    except Exception as error:
        raise WeightsError("The weights of the artifact cannot be read ({}).".format(str(error).split("\n")[0][:200]))
    return [entry for entry in entries if entry.counts()]


def weights_file(path, folder):
    """Take the weights of a ``.keras`` archive out into a folder; return the file."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".weights.h5")]
        if not names:
            raise WeightsError("The archive has no model.weights.h5.")
        target = os.path.join(folder, "model.weights.h5")
        with archive.open(names[0]) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
    return target


def _hdf5(_tf, path):
    import h5py

    with h5py.File(path, "r") as file:
        root = file.get("model_weights", file)
        if "layer_names" in root.attrs:
            return list(_by_layer(root))
        found = []
        root.visititems(lambda name, item: found.append((name, item[()])) if isinstance(item, h5py.Dataset) else None)
    found = [(name.split("/"), array) for name, array in found]
    return _by_path([(name, array) for name, array in found if name[0] not in _NOT_THE_MODEL])


def _by_layer(root):
    """Yield the weights of a file of Keras's first layout: a list of layers, and one of weights for each."""
    for layer in _words(root.attrs, "layer_names") + ["top_level_model_weights"]:
        for weight in _words(root[layer].attrs, "weight_names") if layer in root else []:
            array = np.asarray(root[layer][weight])
            words = _name_words(weight)
            name = words if words[0] == layer else [layer] + words
            yield Entry({"name": tuple(name), "layer": (layer,)}, array, array.shape, array.dtype)


def _words(attributes, name):
    """Read a list of words, which is split where it is too long for one attribute."""
    parts = [attributes[name]] if name in attributes else []
    while name + str(len(parts)) in attributes:
        parts.append(attributes[name + str(len(parts))])
    return [word.decode("utf-8") if isinstance(word, bytes) else str(word) for part in parts for word in part]


def _name_words(name):
    return name.split(":")[0].split("/")


def _by_path(found):
    """Return the entries of a file of paths, each container's members numbered by class and in order."""
    ranks = _Ranks([name for name, _ in found])
    entries = []
    for name, array in sorted(found, key=lambda pair: natural("/".join(pair[0]))):
        entries.append(Entry({"path": ranks.of(name)}, array, array.shape, array.dtype))
    return entries


def is_by_layer(path):
    """Tell whether an HDF5 file has Keras's first layout."""
    import h5py

    with h5py.File(path, "r") as file:
        return "layer_names" in file.attrs or "model_weights" in file


def without_number(name):
    """Return a name without the number at its end."""
    return re.sub(r"_\d+$", "", name)


def digest(array):
    """Return a number that tells two arrays' values and shapes apart, whatever their precision is called."""
    array = np.ascontiguousarray(np.asarray(array, dtype=np.float64))
    return str(array.shape), zlib.crc32(array.tobytes())


def natural(text):
    """Return a key that sorts numbers in names as numbers."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


class _Ranks:
    """Names of members by their rank: which numbers a version gives them says nothing, their order does."""

    def __init__(self, names):
        self._members = {}
        for name in names:
            for depth, word in enumerate(name[:-1]):
                base = without_number(word)
                self._members.setdefault((tuple(name[:depth]), base), set()).add(word)

    def of(self, name):
        words = []
        for depth, word in enumerate(name[:-1]):
            base = without_number(word)
            same = sorted(self._members[tuple(name[:depth]), base], key=natural)
            words.append("{}#{}".format(base.lstrip("_"), same.index(word)))
        return tuple(word for word in words if word not in _CONTAINERS) + (name[-1],)


def ranked(names):
    """Return paths with their members' ranks, as `read` has them."""
    ranks = _Ranks(names)
    return [ranks.of(name) for name in names]


def _keras(tf, path):
    if not zipfile.is_zipfile(path):
        return _hdf5(tf, path)
    folder = tempfile.mkdtemp()
    try:
        return _hdf5(tf, weights_file(path, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _savedmodel(tf, path):
    return _checkpoint(tf, os.path.join(path, "variables", "variables"))


def _checkpoint(tf, path):
    reader = tf.compat.v1.train.load_checkpoint(_prefix(path))
    keys = [key for key in reader.get_variable_to_shape_map() if key.endswith(_VALUE)]
    words = {key: key[: -len(_VALUE)].split("/") for key in keys if ".OPTIMIZER_SLOT" not in key}
    words = {key: name for key, name in words.items() if name[0] not in _NOT_THE_MODEL}
    if any(name[0] == "variables" for name in words.values()):
        # Keras 3 exports all variables twice, in two lists.
        words = {key: name for key, name in words.items() if name[0] != "_all_variables"}
    names = _full_names(reader)
    entries = []
    for key in sorted(words, key=natural):
        array = np.asarray(reader.get_tensor(key))
        styles = {"numbered": tuple(words[key])}
        if "/" in names.get(key, ""):
            styles["name"] = tuple(_name_words(names[key]))
        elif names.get(key):
            styles["last"] = (names[key],)
        entries.append(Entry(styles, array, array.shape, array.dtype))
    return entries


def _prefix(path):
    """Return the prefix of a checkpoint that is named by its folder, its index or itself."""
    if os.path.isdir(path):
        found = sorted(name for name in os.listdir(path) if name.endswith(".index"))
        if not found:
            raise WeightsError("The folder has no checkpoint.")
        return os.path.join(path, found[-1][: -len(".index")])
    return path[: -len(".index")] if path.endswith(".index") else path


def _full_names(reader):
    """Return the variables' names in the model that was saved, by their keys."""
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    graph.ParseFromString(reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH"))
    return {attribute.checkpoint_key: attribute.full_name for node in graph.nodes for attribute in node.attributes}


_READERS = {
    "h5": _hdf5,
    "weights_h5": _hdf5,
    "keras": _keras,
    "savedmodel": _savedmodel,
    "export": _savedmodel,
    "checkpoint": _checkpoint,
}
