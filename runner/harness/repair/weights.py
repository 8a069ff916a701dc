"""Stored weights put into a model that is there, and into the groups where this Keras looks for them."""

import json
import os
import shutil
import tempfile

import numpy as np

from .. import preload
from . import NothingToRepair, WeightsError, containers, matching, places, reading, stored
from .live import Live


def into(tf, model, file_format, path):
    """
    Put the weights of an artifact into a built model; those of its optimizer are left out.

    Returns:
        How, in words: ``load_weights``, ``by path``, ``by layer and weight name`` ... ``by order and shape``.

    Raises:
        WeightsError: Unless every weight of the model got a value, and every stored weight was used.
    """
    entries = stored.read(tf, file_format, path)
    placed = places.of(tf, model)
    if not entries:
        raise WeightsError("The artifact holds no weights.")
    how = _by_load_weights(tf, model, file_format, path, entries, placed)
    how = how or _by_matching(tf, entries, placed)
    finalize(model)
    return how


def scramble(model):
    """Set every weight to a value that no training gives, so that a load that does nothing is seen."""
    tf = preload.tensorflow()
    for index, entry in enumerate(places.of(tf, model)):
        if "float" in entry.dtype:
            places.assign(tf, entry.value, np.full(entry.shape, 1009.0 + index % 97))


def finalize(model):
    """Make loaded statistics count: layers such as Normalization compute with what they derive from their weights."""
    for layer in _flat(model):
        if getattr(layer, "weights", None) and hasattr(layer, "finalize_state"):
            layer.finalize_state()


def _flat(model):
    for layer in getattr(model, "layers", None) or []:
        yield layer
        for inner in _flat(layer):
            yield inner


def _by_load_weights(tf, model, file_format, path, entries, placed):
    """Let the model load the file itself; return None where that fails, or leaves anything as it was."""
    scramble(model)
    folder = tempfile.mkdtemp()
    try:
        model.load_weights(_for_load_weights(file_format, path, folder))
    except Exception:  # of as many kinds as there are formats and versions
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    now = [stored.digest(places.value(tf, entry.value)) for entry in placed]
    return "load_weights" if sorted(now) == sorted(stored.digest(entry.value) for entry in entries) else None


def _for_load_weights(file_format, path, folder):
    """Return the file that `load_weights` of any Keras reads: the suffix decides how it does."""
    if file_format == "keras":
        return stored.weights_file(path, folder)
    if file_format in ("savedmodel", "export"):
        return os.path.join(path, "variables", "variables")
    if file_format == "checkpoint":
        return path
    suffix = ".h5" if file_format == "h5" or stored.is_by_layer(path) else ".weights.h5"
    return path if path.endswith(suffix) else shutil.copyfile(path, os.path.join(folder, "model" + suffix))


def _by_matching(tf, entries, placed):
    found = matching.pairs(entries, placed)
    if found is None:
        raise WeightsError(_mismatch(entries, placed))
    how, pairs = found
    for entry, place in pairs:
        places.assign(tf, place.value, entry.value)
    return how


def _mismatch(entries, placed):
    if len(entries) != len(placed):
        return "The artifact holds {} weights, and the model has {}.".format(len(entries), len(placed))
    have, want = sorted(entry.shape for entry in entries), sorted(entry.shape for entry in placed)
    if have != want:
        wrong = next(pair for pair in zip(have, want) if pair[0] != pair[1])
        return "The artifact's weights have other shapes than the model's: {} and {} for one.".format(*wrong)
    return "The artifact's weights have the shapes of the model's, but neither their names nor their order."


def repair(tf, file_format, path, out, custom_objects=None):
    """
    Write a copy of an archive, or a file of weights, whose groups have the names that this Keras reads.

    Returns:
        The changes, in words.

    Raises:
        NothingToRepair: If it reads them as they stand, or not every one finds its place.
    """
    with reading():
        if file_format == "keras":
            return _repair_archive(tf, path, out, custom_objects)
        if file_format == "weights_h5":
            return _rename(tf, path, out)
    raise NothingToRepair(
        "The weights of a {} artifact are not kept by groups that have to be found.".format(file_format)
    )


def _repair_archive(tf, path, out, custom_objects):
    live = Live(tf, custom_objects)
    model = _rebuilt(live, containers.read_keras(path))
    folder = tempfile.mkdtemp()
    try:
        how = into(tf, model, "keras", path)
        if how == "load_weights":
            raise NothingToRepair("This Keras reads the weights as they stand.")
        target = os.path.join(folder, "model.weights.h5")
        model.save_weights(target)
        with open(target, "rb") as file:
            containers.write_keras(path, out, {"model.weights.h5": file.read()})
    except WeightsError as error:
        raise NothingToRepair(str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return ["weights written where this Keras looks for them, found {}".format(how), "optimizer state left out"]


def _rebuilt(live, config):
    """Make the model of an archive anew, neither compiled nor loaded."""
    config = json.loads(json.dumps(config))
    config.pop("compile_config", None)
    make = live.deserializer()
    try:
        with live.keras.utils.custom_object_scope(live.custom_objects):
            return make(config)
    except Exception as error:
        first = str(error).strip().split("\n")[0][:200]
        raise NothingToRepair("The model cannot be made from its configuration here ({}).".format(first))


def _rename(tf, path, out):
    import h5py

    if stored.is_by_layer(path):
        raise NothingToRepair("The weights are kept by layer name, which every Keras reads.")
    container, step = _habits(tf)
    shutil.copyfile(path, out)
    with h5py.File(out, "r+") as file:
        changes = _renamed(file, container, step)
    if not changes:
        os.remove(out)
        raise NothingToRepair("The groups of the weights have the names that this Keras reads.")
    return changes


def _habits(tf):
    """Ask this Keras what it calls the container of a model's layers, and by how much it counts on."""
    import h5py

    dense = tf.keras.layers.Dense
    model = tf.keras.Sequential([dense(1), dense(1)])
    model.build((None, 1))
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, "probe.weights.h5")
        model.save_weights(path)
        with h5py.File(path, "r") as file:
            found = []
            file.visititems(lambda name, item: found.append(name.split("/")) if hasattr(item, "shape") else None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not found or found[0][-2] != "vars":
        raise NothingToRepair("This Keras keeps weights by layer name only.")
    second = max(int((name[-3].split("_") + ["0"])[1]) for name in found)
    return found[0][0], second


def _renamed(group, container, step):
    import h5py

    changes = []
    for other in ("layers", "_layer_checkpoint_dependencies"):
        if other != container and isinstance(group.get(other), h5py.Group) and len(group[other]):
            if container in group:
                del group[container]
            group.move(other, container)
            changes.append("groups {} renamed to {}".format(other, container))
    if container in group:
        changes.extend(_renumbered(group[container], step))
    for name in group:
        if isinstance(group[name], h5py.Group):
            changes.extend(change for change in _renamed(group[name], container, step) if change not in changes)
    return changes


def _renumbered(group, step):
    """Number the members of each class by this Keras's step, in order."""
    classes, changes = {}, []
    for name in sorted(group, key=stored.natural):
        classes.setdefault(stored.without_number(name), []).append(name)
    for base, names in classes.items():
        wanted = [base if index == 0 else "{}_{}".format(base, index * step) for index in range(len(names))]
        if wanted != names:
            for name in names:
                group.move(name, "__" + name)
            for name, target in zip(names, wanted):
                group.move("__" + name, target)
            changes.append("{} renamed to {}".format(", ".join(names), ", ".join(wanted)))
    return changes
