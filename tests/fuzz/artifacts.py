"""Models as files and folders: all that opens them without a TensorFlow."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np

from runner.errors import UsageError
from runner.execution.repairing import artifact_format
from runner.harness import writer
from runner.harness.repair import NothingToRepair, WeightsError, artifacts, config, contents, stored, wire
from tests.fuzz import keras
from tests.fuzz.formats import SEPARATOR, apart, archive_of, hdf5, protobuf, several, zipped
from tests.fuzz.mutations import Mutation, any_of, blind, json_document
from tests.fuzz.target import Target, check_sentence, check_text


def open_file(data: bytes, folder: Path, name: str) -> None:
    """Open a file as a load does: say what it is, refuse what must not be opened, read and repair what it holds."""
    path = folder / name
    path.write_bytes(data)
    _open(path, {".h5": "h5", ".keras": "keras"}[path.suffix])


def open_folder(data: bytes, folder: Path) -> None:
    """Open a SavedModel."""
    path = folder / "savedmodel"
    (path / "variables").mkdir(parents=True)
    names = ("saved_model.pb", "keras_metadata.pb", "variables/variables.index")
    for name, text in zip(names, apart(data, 3), strict=True):
        (path / name).write_bytes(text)
    _open(path, "savedmodel")


def _open(path: Path, file_format: str) -> None:
    try:
        artifact_format(path)
    except UsageError as error:
        check_sentence(error)
    check_text(contents.told(str(path)))
    try:
        artifacts.check(str(path))
    except artifacts.Refused as refused:
        _told(refused)
        return
    check_text(f"{artifacts.sniff(str(path))} {writer.keras_version(str(path))}")
    _weights(path, file_format)
    for version in ("2.15.0", "3.5.0"):
        _repair(path, file_format, version)


def _weights(path: Path, file_format: str) -> None:
    if file_format == "savedmodel":
        return  # its weights are read by TensorFlow
    try:
        stored.read(None, file_format, str(path))
    except WeightsError as error:
        _told(error)


def _repair(path: Path, file_format: str, version: str) -> None:
    out = path.with_name(f"for {version}{path.suffix}")
    try:
        changes = config.repair(keras.tensorflow(version), file_format, str(path), str(out))
    except NothingToRepair as nothing:
        _told(nothing)
    else:
        check_text("".join(changes).encode("utf-8", "backslashreplace").decode())


def _told(error: Exception) -> None:
    assert str(error).strip().endswith((".", ").")), f"no sentence: {error!r}"


def _layer(name: str, **more: Any) -> dict[str, Any]:
    return {"class_name": "Dense", "name": name, "config": {"name": name, "units": 2, "activation": "relu"}, **more}


_HISTORY = {"class_name": "__keras_tensor__", "config": {"shape": [None, 2], "keras_history": ["input", 0, 0]}}
_POLICY = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
_ADAM = {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.001, "decay": 0.0, "ema": None}}
_KERAS2 = {
    "class_name": "Functional",
    "config": {
        "name": "model",
        "layers": [
            {
                "class_name": "InputLayer",
                "name": "input",
                "config": {"batch_input_shape": [None, 2]},
                "inbound_nodes": [],
            },
            _layer("a", inbound_nodes=[[["input", 0, 0, {}]]]),
            {
                "class_name": "TFOpLambda",
                "name": "add",
                "config": {"name": "add", "function": "math.add"},
                "inbound_nodes": [["a", 0, 0, {"y": ["input", 0, 0], "name": None}]],
            },
            {
                "class_name": "Sequential",
                "name": "inner",
                "config": {"name": "inner", "layers": [_layer("b"), _layer("c")]},
                "inbound_nodes": [[["add", 0, 0, {}]]],
            },
        ],
        "input_layers": [["input", 0, 0]],
        "output_layers": [["inner", 1, 0]],
    },
}
_KERAS3 = {
    "module": "keras",
    "class_name": "Functional",
    "config": {
        "name": "model",
        "layers": [
            {
                "module": "keras.layers",
                "class_name": "InputLayer",
                "name": "input",
                "config": {"batch_shape": [None, 2]},
            },
            _layer(
                "a",
                module="keras.layers",
                registered_name=None,
                build_config={"input_shape": [None, 2]},
                inbound_nodes=[{"args": [_HISTORY], "kwargs": {"mask": _HISTORY}}],
            ),
            {
                "module": "keras.src.ops.numpy",
                "class_name": "Add",
                "name": "add",
                "config": {"name": "add", "dtype": _POLICY},
                "inbound_nodes": [{"args": [_HISTORY, _HISTORY], "kwargs": {}}],
            },
        ],
        "input_layers": [["input", 0, 0]],
        "output_layers": ["add", 0, 0],
    },
    "registered_name": "Functional",
    "compile_config": {"optimizer": _ADAM, "loss": "mse", "metrics": ["mae"], "steps": 1},
}


def _bytes(fill: Callable[[h5py.File], None]) -> bytes:
    target = io.BytesIO()
    with h5py.File(target, "w") as file:
        fill(file)
    return target.getvalue()


def _by_layer(file: h5py.File) -> None:
    """Write what Keras 2 does."""
    file.attrs["keras_version"], file.attrs["model_config"] = "2.15.0", json.dumps(_KERAS2)
    file.attrs["training_config"] = json.dumps({"optimizer_config": _ADAM, "loss": {"a": "mse"}, "metrics": [["mae"]]})
    group = file.create_group("model_weights/a")
    file["model_weights"].attrs["layer_names"] = [b"a"]
    group.attrs["weight_names"] = [b"a/kernel:0", b"a/bias:0"]
    group["a/kernel:0"], group["a/bias:0"] = np.ones((2, 2), "float32"), np.zeros(2, "float32")


def _by_path(file: h5py.File) -> None:
    """Write what Keras 3 does."""
    for name in ("dense", "dense_1", "lstm/cell"):
        file[f"layers/{name}/vars/0"] = np.ones((2, 2), "float32")
    file["optimizer/vars/0"] = np.int64(3)


def _archives() -> tuple[bytes, ...]:
    members: list[tuple[Any, bytes]] = [
        ("metadata.json", b'{"keras_version": "3.5.0", "date_saved": "2026-11-28@10:00:00"}'),
        ("config.json", json.dumps(_KERAS3).encode()),
        ("model.weights.h5", _bytes(_by_path)),
    ]
    return zipped(members), zipped(members, 8)


def _member(name: str) -> Mutation:
    return hdf5 if name.endswith(".h5") else json_document


def _saved_model() -> bytes:
    graph = b"\x08\x01\x12\x10\x0a\x0e\x2a\x062.15.1" + b'_tf_keras_sequential\x12\x05{"name": "m"}'
    nodes = [json.dumps(node) for node in (_KERAS2, {"name": "metric", "config": {"name": "m", "fn": "mse"}})]
    metadata = b"".join(wire._length_delimited(1, wire._length_delimited(5, text.encode())) for text in nodes)
    return SEPARATOR.join((graph, metadata, b"\0" * 48))


def _metadata(data: bytes, random: Random) -> bytes:
    """Change the configuration of a node."""
    try:
        texts = wire.metadata(data)
        at = random.randrange(len(texts))
        texts[at] = json_document(texts[at].encode(), random).decode("utf-8", "replace")
        return bytes(wire.with_metadata(data, texts))
    except ValueError:
        return blind(data, random)


TARGETS = (
    Target(
        name="artifact .h5",
        read=lambda data, folder: open_file(data, folder, "model.h5"),
        seeds=lambda: (_bytes(_by_layer), _bytes(_by_path)),
        mutate=hdf5,
        inputs=250,
        confined=True,
    ),
    Target(
        name="artifact .keras",
        read=lambda data, folder: open_file(data, folder, "model.keras"),
        seeds=_archives,
        mutate=archive_of(_member),
        inputs=200,
        confined=True,
    ),
    Target(
        name="artifact SavedModel",
        read=open_folder,
        seeds=lambda: (_saved_model(),),
        mutate=several(protobuf, any_of(protobuf, _metadata), blind),
        inputs=250,
    ),
)
