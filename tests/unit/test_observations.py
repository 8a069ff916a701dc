"""What a job leaves in its folder is input from a stranger: read as far as it can be believed, and never trusted."""

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.execution import observations
from runner.execution.observations import ObservationError
from runner.record import Cause, Phase, Status
from tests.fakes import LIMITS, SAVE, Lab

ENTRY = {"layer": "", "name": "output", "key": "a0", "dtype": "float32", "shape": [2]}
OBSERVATION: dict[str, Any] = {
    "protocol": 1,
    "phase": "predict",
    "exception": None,
    "unsupported": None,
    "own": None,
    "deterministic": None,
    "structure": None,
    "model": None,
    "optimizer": None,
    "loss": None,
    "unit": None,
    "layers": [],
    "notes": {},
    "changes": [],
    "seconds": {},
    "arrays": {"outputs": [ENTRY]},
}
ARRAYS = {"a0": np.array([1, 2], "float32")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an observation that can be read."""
    write(tmp_path)
    return tmp_path


def write(folder: Path, **changes: object) -> None:
    """Write an observation that differs from a good one in some fields."""
    (folder / "observation.json").write_text(json.dumps(OBSERVATION | changes))
    np.savez(folder / "arrays.npz", a0=ARRAYS["a0"])


def member(data: bytes, *, name: str = "a0.npy", compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive of one member."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as file:
        file.writestr(name, data)
    return archive.getvalue()


def header(text: str, data: bytes = b"") -> bytes:
    """Return a ``.npy`` file with that header."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


def moved(offset: int) -> bytes:
    """Return an archive whose directory says that its member is somewhere else."""
    data = member(npy(ARRAYS["a0"]))
    entry = data.index(b"PK\x01\x02") + 42
    return data[:entry] + struct.pack("<I", offset) + data[entry + 4 :]


def npy(array: Any) -> bytes:
    """Return an array as a ``.npy`` file, with pickle if it cannot be otherwise."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


class Bomb:
    """What does harm when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch harmed",)


def test_good_one(folder: Path) -> None:
    """What a harness writes is read as it was written."""
    seen = observations.read(folder)
    (output,) = seen.arrays["outputs"]
    assert (seen.phase, output.name, output.dtype) == (Phase.PREDICT, "output", "float32")
    assert output.value.tolist() == [1, 2]


@pytest.mark.parametrize(
    "array",
    [
        np.array(1.5),
        np.zeros((0, 3), "float16"),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6, dtype=">i8").reshape(1, 2, 3),
        np.array([True, False]),
        np.array([1 + 2j, np.nan], "complex64"),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_every_array(folder: Path, array: Any) -> None:
    """Numbers of any type, shape and order are read as they were written."""
    write(folder, arrays={"outputs": [ENTRY | {"dtype": array.dtype.name, "shape": list(array.shape)}]})
    np.savez(folder / "arrays.npz", a0=array)
    (output,) = observations.read(folder).arrays["outputs"]
    assert output.value.dtype == array.dtype
    np.testing.assert_array_equal(output.value, array, strict=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "[" * 100_000,
        json.dumps(OBSERVATION)[:-1],
        json.dumps(OBSERVATION | {"phase": "lunch"}),
        json.dumps(OBSERVATION | {"verdict": "pass"}),
        json.dumps(OBSERVATION | {"loss": "1.0"}),
        json.dumps(OBSERVATION | {"arrays": {"outputs": [ENTRY | {"key": "a1"}]}}),
        json.dumps(OBSERVATION | {"arrays": {"outputs": [ENTRY | {"key": "../a0"}]}}),
        json.dumps(OBSERVATION | {"arrays": {"outputs": [ENTRY | {"shape": [3]}]}}),
        json.dumps(OBSERVATION | {"arrays": {"outputs": [ENTRY | {"dtype": "string"}]}}),
        json.dumps(OBSERVATION | {"arrays": {"outputs": [ENTRY, ENTRY]}}),
        json.dumps(OBSERVATION | {"notes": {"x": "\udc80"}}),
    ],
)
def test_malformed_json(folder: Path, text: str) -> None:
    """JSON that is damaged, of another form, or at odds with the arrays is refused."""
    (folder / "observation.json").write_text(text)
    with pytest.raises(ObservationError):
        observations.read(folder)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        member(b""),
        member(npy(ARRAYS["a0"]), name="b0.npy"),
        member(npy(ARRAYS["a0"]), compression=zipfile.ZIP_DEFLATED),
        member(npy(ARRAYS["a0"]))[:-30],
        member(npy(ARRAYS["a0"])).replace(b"\x00\x00\x80\x3f", b"\x00\x00\x80\x40"),
        member(npy(np.array([Bomb(), 1], dtype=object))),
        member(pickle.dumps(Bomb())),
        member(npy(np.zeros(2, [("x", "f4"), ("y", "O")]))),
        member(npy(np.zeros(2, "M8[s]"))),
        member(npy(np.zeros(2, "U3"))),
        member(npy(np.zeros(2, "V0"))),
        member(header("{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000000,)}\n")),
        member(header("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}\n")),
        member(header("{'descr': '<f4', 'fortran_order': False, 'shape': (2.5,)}\n")),
        member(header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}\n", bytes(8))),
        member(header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n", bytes(9))),
        member(header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n", bytes(12))),
        member(header("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}\n", bytes(16))),
        member(npy(ARRAYS["a0"]).replace(b"NUMPY\x01", b"NUMPY\x03", 1)),
        moved(2**31),
        moved(2**32 - 1),
        member(header("__import__('os').system('touch harmed')\n")),
        member(header("(" * 5000 + "\n")),
    ],
)
def test_malformed_arrays(folder: Path, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays that are damaged, pickled, compressed or larger than their file are refused, and run nothing."""
    monkeypatch.chdir(folder)
    (folder / "arrays.npz").write_bytes(data)
    with pytest.raises(ObservationError):
        observations.read(folder)
    assert not (folder / "harmed").exists()


@pytest.mark.parametrize("ends", [[1, 2], [4, 1, 5], [5, 9], [-1, 5], [], [0.5, 5.0]])
def test_malformed_text(folder: Path, ends: list[float]) -> None:
    """Text whose items do not follow each other is refused: they could be larger than their file."""
    write(folder, arrays={"outputs": [ENTRY | {"dtype": "string", "shape": [len(ends)]}]})
    text: dict[str, Any] = {"a0": np.frombuffer(b"hello", "u1"), "a0.ends": np.array(ends)}
    np.savez(folder / "arrays.npz", **text)
    with pytest.raises(ObservationError):
        observations.read(folder)


@pytest.mark.parametrize("name", ["observation.json", "arrays.npz"])
@pytest.mark.parametrize("kind", ["missing", "pipe", "endless", "link", "folder"])
def test_no_regular_file(folder: Path, name: str, kind: str) -> None:
    """What is no regular file is refused: a pipe never ends, and a link may lead anywhere."""
    path = folder / name
    path.rename(folder / "elsewhere")
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "endless":
            path.symlink_to("/dev/zero")
        case "link":
            path.symlink_to(folder / "elsewhere")
        case "folder":
            path.mkdir()
    with pytest.raises(ObservationError):
        observations.read(folder)


@pytest.mark.parametrize("name", ["observation.json", "arrays.npz"])
def test_huge_file(folder: Path, name: str) -> None:
    """A file of a terabyte, most of it a hole, is refused without being read."""
    with (folder / name).open("r+b") as file:
        file.truncate(2**40)
    with pytest.raises(ObservationError):
        observations.read(folder)


def test_long_exception(folder: Path) -> None:
    """An exception that is longer than a harness writes is cut."""
    raised = {"type": "E" * 10**6, "message": "m" * 10**6, "traceback": "t" * 10**6, "in_scenario": True}
    write(folder, exception=raised)
    seen = observations.read(folder).exception
    assert seen is not None
    assert len(seen.type) + len(seen.message) + len(seen.traceback) < 10**5


def test_numbers_that_are_not_finite(folder: Path) -> None:
    """A loss that is not a number can be read."""
    write(folder, loss=float("nan"), optimizer={"name": "SGD", "iterations": float("inf"), "learning_rate": None})
    seen = observations.read(folder)
    assert seen.loss is not None
    assert np.isnan(seen.loss)


FORGED = {
    "endless_observation": "os.symlink('/dev/zero', folder + '/observation.json')",
    "pipe_for_observation": "os.mkfifo(folder + '/observation.json')",
    "malformed_observation": "open(folder + '/observation.json', 'w').write('{}')",
    "huge_observation": "open(folder + '/observation.json', 'w').truncate(2**27)",
    "pipe_for_log": "os.remove(folder + '/log'); os.mkfifo(folder + '/log')",
    "endless_log": "os.remove(folder + '/log'); os.symlink('/dev/zero', folder + '/log')",
    "huge_log": "open(folder + '/log', 'w').truncate(2**27)",
    "pipe_for_phase": "os.remove(folder + '/phase'); os.mkfifo(folder + '/phase')",
    "link_for_folder": "shutil.rmtree(folder); os.symlink(os.path.dirname(__file__), folder)",
    "deep_folder": "[(os.mkdir('x' * 200), os.chdir('x' * 200)) for _ in range(200)]",
}
"""Name -> what a script does to its folder before it leaves with status 0."""


@pytest.mark.parametrize("side", ["save", "load"])
def test_forged_folder(tmp_path: Path, side: str) -> None:
    """Whatever a script puts in its folder, its cell alone fails, and the next run goes on."""
    lab = Lab(tmp_path)
    forger = (
        "import os, shutil\ndef {}(path):\n    folder = os.path.dirname(os.path.dirname(path))\n    {}\n    os._exit(0)"
    )
    scenarios, wide = [lab.scenario("innocent")], replace(LIMITS, disk_mb=200)
    for name, code in FORGED.items():
        scripts = (forger.format("save", code), None) if side == "save" else (SAVE, forger.format("load", code))
        scenarios.append(lab.scenario(name, *scripts))
    for _ in range(2):
        records = {record.scenario: record for record in lab.run(scenarios, fresh=True, limits=wide).values()}
        assert records.pop("innocent").status is Status.PASS
        assert {(record.status, record.cause) for record in records.values()} == {(Status.FAIL, Cause.SCENARIO_ERROR)}
        assert {record.phase for record in records.values()} == {Phase(side)}
