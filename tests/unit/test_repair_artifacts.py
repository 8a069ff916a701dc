"""What a file is by its content, and what is refused before anything opens it: real files that mean harm."""

import errno
import io
import json
import os
import socket
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from runner.harness.repair import NothingToRepair, artifacts, config, reading, wire
from tests.fuzz import keras

STORED, PACKED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def hdf5(fill: Callable[[h5py.File], None]) -> bytes:
    """Return the bytes of an HDF5 file."""
    target = io.BytesIO()
    with h5py.File(target, "w") as file:
        fill(file)
    return target.getvalue()


def weights(file: h5py.File) -> None:
    """Write one honest layer's weights."""
    file.create_dataset("layers/dense/vars/0", data=np.ones((4, 3), "float32"))


def archive(path: Path, members: dict[str, bytes], compression: int = STORED) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def honest(path: Path, compression: int = STORED) -> Path:
    """Write what Keras writes."""
    members = {"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": hdf5(weights)}
    return archive(path, members, compression)


def refusal(root: Path) -> str:
    """Return the sentence with which a file or folder is refused."""
    with pytest.raises(artifacts.Refused) as caught:
        artifacts.check(str(root))
    return str(caught.value)


class TestSniff:
    """What something is."""

    def test_a_file_is_what_its_content_says_whatever_it_is_called(self, tmp_path: Path) -> None:
        """A zip called .h5 is an archive, and HDF5 called .keras is HDF5."""
        zipped = honest(tmp_path / "model.h5")
        (tmp_path / "model.keras").write_bytes(hdf5(lambda file: file.attrs.__setitem__("model_config", "{}")))
        assert artifacts.sniff(str(zipped)) == "keras"
        assert artifacts.sniff(str(tmp_path / "model.keras")) == "h5"

    def test_hdf5_without_a_configuration_is_weights(self, tmp_path: Path) -> None:
        """A whole model says so in an attribute."""
        (tmp_path / "w.h5").write_bytes(hdf5(weights))
        assert artifacts.sniff(str(tmp_path / "w.h5")) == "weights_h5"

    def test_directories_are_told_apart_by_what_is_in_them(self, tmp_path: Path) -> None:
        """Keras's metadata stands beside the graph, and before TensorFlow 2.5 in it."""
        for name, files in {
            "export": {"saved_model.pb": b"\x08\x01"},
            "old": {"saved_model.pb": b'\x0a_tf_keras_sequential\x12\x05{"name": "m"}'},
            "new": {"saved_model.pb": b"\x08\x01", "keras_metadata.pb": b""},
            "checkpoint": {"w.index": b"", "w.data-00000-of-00001": b""},
            "nothing": {"readme": b""},
        }.items():
            (tmp_path / name).mkdir()
            for file, data in files.items():
                (tmp_path / name / file).write_bytes(data)
        found = {path.name: artifacts.sniff(str(path)) for path in tmp_path.iterdir()}
        assert found == {
            "export": "export",
            "old": "savedmodel",
            "new": "savedmodel",
            "checkpoint": "checkpoint",
            "nothing": None,
        }
        assert artifacts.sniff(str(tmp_path / "checkpoint" / "w")) == "checkpoint"

    def test_tensorflow_lite_has_its_name_at_its_fifth_byte(self, tmp_path: Path) -> None:
        """A file of nothing known is None."""
        (tmp_path / "m").write_bytes(b"\x1c\0\0\0TFL3\0\0\0\0")
        (tmp_path / "n").write_bytes(b"<html>")
        assert artifacts.sniff(str(tmp_path / "m")) == "tflite"
        assert artifacts.sniff(str(tmp_path / "n")) is None


class TestHonest:
    """What is let through."""

    @pytest.mark.parametrize("compression", [STORED, PACKED])
    def test_what_keras_writes_is_opened_within_milliseconds(self, tmp_path: Path, compression: int) -> None:
        """It is looked at before every load."""
        honest(tmp_path / "model.keras", compression)
        (tmp_path / "model.h5").write_bytes(hdf5(weights))
        artifacts.check(str(tmp_path))
        started = time.perf_counter()
        artifacts.check(str(tmp_path))
        assert time.perf_counter() - started < 0.05

    def test_damage_is_left_to_what_loads_it(self, tmp_path: Path) -> None:
        """Half a file, and a file of something else, are no attack."""
        whole = honest(tmp_path / "model.keras").read_bytes()
        (tmp_path / "half.keras").write_bytes(whole[: len(whole) // 2])
        (tmp_path / "half.h5").write_bytes(hdf5(weights)[:600])
        (tmp_path / "page.h5").write_bytes(b"<html>not found</html>")
        (tmp_path / "empty.h5").write_bytes(b"")
        artifacts.check(str(tmp_path))

    def test_one_number_repeated_in_a_small_model_is_no_bomb(self, tmp_path: Path) -> None:
        """Zeros pack well, and are what fresh biases are."""
        archive(tmp_path / "model.keras", {"config.json": bytes(2**20)}, PACKED)
        artifacts.check(str(tmp_path))


class TestFiles:
    """What stands in a folder."""

    def test_a_link_is_refused_with_where_it_leads(self, tmp_path: Path) -> None:
        """Also deep in a folder, and also as the artifact itself."""
        (tmp_path / "variables").mkdir()
        (tmp_path / "variables" / "variables.index").symlink_to("/etc/passwd")
        assert refusal(tmp_path) == (
            "variables/variables.index is a symbolic link to '/etc/passwd', which may lead anywhere: it is not opened."
        )
        assert "variables.index is a symbolic link" in refusal(tmp_path / "variables" / "variables.index")

    def test_a_link_to_a_folder_is_refused_too(self, tmp_path: Path) -> None:
        """What walks a tree does not step into it, and so must look at it."""
        (tmp_path / "assets").symlink_to("/", target_is_directory=True)
        assert "assets is a symbolic link to '/'" in refusal(tmp_path)

    def test_what_is_no_file_is_refused(self, tmp_path: Path) -> None:
        """Opening a pipe waits for ever."""
        os.mkfifo(tmp_path / "model.h5")
        assert refusal(tmp_path) == "model.h5 is a pipe, no file: it is not opened."
        (tmp_path / "model.h5").unlink()
        with socket.socket(socket.AF_UNIX) as server:
            before = Path.cwd()
            os.chdir(tmp_path)
            server.bind("s")
            os.chdir(before)
        assert refusal(tmp_path) == "s is a socket, no file: it is not opened."


class TestArchives:
    """What stands in an archive."""

    @pytest.mark.parametrize("name", ["../../x", "/etc/x", "a/../../x", "C:x", "..\\x", "a\\b"])
    def test_a_member_that_climbs_out_is_refused_by_name(self, tmp_path: Path, name: str) -> None:
        """However it climbs, on whatever system."""
        archive(tmp_path / "model.keras", {"config.json": b"{}", name: b""})
        shown = name.replace("\\", "\\\\")
        assert refusal(tmp_path) == (
            f"The archive model.keras has the member '{shown}', which would be written outside of it: it is not opened."
        )

    def test_a_member_that_is_a_link_is_refused(self, tmp_path: Path) -> None:
        """Its content is where it leads."""
        link = zipfile.ZipInfo("assets")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(tmp_path / "model.keras", "w") as file:
            file.writestr(link, "/etc")
        assert "has the member 'assets', which is a symbolic link" in refusal(tmp_path)

    def test_a_member_that_is_there_twice_is_refused(self, tmp_path: Path) -> None:
        """What one reader checks, another does not load."""
        with zipfile.ZipFile(tmp_path / "model.keras", "w") as file:
            file.writestr("config.json", "{}")
            with pytest.warns(UserWarning, match="Duplicate"):
                file.writestr("config.json", "{ }")
        assert "has the member 'config.json' twice" in refusal(tmp_path)

    def test_a_bomb_is_refused_without_unpacking_it(self, tmp_path: Path) -> None:
        """Also under another suffix."""
        bomb = tmp_path / "model.h5"
        with zipfile.ZipFile(bomb, "w", PACKED) as file, file.open("config.json", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(bytes(2**20))
        started = time.perf_counter()
        assert "The archive model.h5 unpacks from" in refusal(tmp_path)
        assert time.perf_counter() - started < 0.05

    def test_what_an_archive_declares_counts(self, tmp_path: Path) -> None:
        """The size in its table of contents is what a reader allocates."""
        path = archive(tmp_path / "model.keras", {"config.json": b"{}" * 50})
        data = bytearray(path.read_bytes())
        at = data.rindex(b"PK\x01\x02") + 24
        data[at : at + 4] = (2**32 - 2).to_bytes(4, "little")
        path.write_bytes(bytes(data))
        assert "unpacks from 100 to 4294967294 bytes" in refusal(tmp_path)

    @pytest.mark.parametrize("compression", [STORED, PACKED])
    def test_the_weights_in_an_archive_are_looked_into(self, tmp_path: Path, compression: int) -> None:
        """They are HDF5 as any other."""
        members = {"config.json": b"{}", "model.weights.h5": hdf5(huge)}
        archive(tmp_path / "model.keras", members, compression)
        assert "The HDF5 file model.keras/model.weights.h5 declares" in refusal(tmp_path)


def huge(file: h5py.File) -> None:
    """Declare a terabyte, and write nothing."""
    file.create_dataset("layers/dense/vars/0", shape=(2**38,), dtype="float32", chunks=(2**20,))


class TestHdf5:
    """What stands in an HDF5 file."""

    def write(self, tmp_path: Path, fill: Callable[[h5py.File], None]) -> Path:
        """Write a file with honest weights besides."""

        def both(file: h5py.File) -> None:
            weights(file)
            fill(file)

        (tmp_path / "model.h5").write_bytes(hdf5(both))
        return tmp_path

    def test_a_file_that_declares_far_more_than_it_holds_is_refused(self, tmp_path: Path) -> None:
        """A terabyte in two kilobytes."""
        self.write(tmp_path, lambda file: file.create_dataset("x", shape=(2**38,), dtype="float32", chunks=(2**20,)))
        size = (tmp_path / "model.h5").stat().st_size
        expected = f"The HDF5 file model.h5 declares 1099511627824 bytes of data, and has {size}: it is not opened."
        assert refusal(tmp_path) == expected

    def test_a_link_into_another_file_is_refused(self, tmp_path: Path) -> None:
        """Reading it reads that file."""
        self.write(tmp_path, lambda file: file.__setitem__("x", h5py.ExternalLink("/etc/secret.h5", "/")))
        assert "has at '/x' a link into the file '/etc/secret.h5'" in refusal(tmp_path)

    def test_data_in_another_file_is_refused(self, tmp_path: Path) -> None:
        """HDF5 can keep raw data anywhere."""

        def external(file: h5py.File) -> None:
            file.create_dataset("x", shape=(4,), dtype="uint8", external=[("/etc/passwd", 0, 4)])

        self.write(tmp_path, external)
        assert "keeps the data of '/x' in another file, '/etc/passwd'" in refusal(tmp_path)

    def test_data_put_together_from_other_files_is_refused(self, tmp_path: Path) -> None:
        """A virtual dataset is a link by another name."""
        layout = h5py.VirtualLayout(shape=(4,), dtype="float32")
        layout[:] = h5py.VirtualSource("/etc/secret.h5", "data", shape=(4,))
        self.write(tmp_path, lambda file: file.create_virtual_dataset("x", layout))
        assert "puts '/x' together from other files" in refusal(tmp_path)

    def test_links_in_a_circle_are_refused(self, tmp_path: Path) -> None:
        """To each other, to themselves, and to what they stand in."""

        def circle(file: h5py.File) -> None:
            file["x"], file["y"] = h5py.SoftLink("/y"), h5py.SoftLink("/x")

        def within(file: h5py.File) -> None:
            file["x"] = h5py.SoftLink("/")

        for fill in (circle, within):
            self.write(tmp_path, fill)
            assert "has at '/x' a link that leads back to itself" in refusal(tmp_path)

    def test_a_link_within_the_file_is_no_harm(self, tmp_path: Path) -> None:
        """It is another name for the same data."""
        self.write(tmp_path, lambda file: file.__setitem__("x", h5py.SoftLink("/layers/dense")))
        artifacts.check(str(tmp_path))

    def test_what_is_broken_does_not_hide_what_is_bad(self, tmp_path: Path) -> None:
        """The rest of a file is looked at though a part cannot be read."""

        def both(file: h5py.File) -> None:
            file["a"] = h5py.SoftLink("/nowhere")
            huge(file.create_group("z"))

        self.write(tmp_path, both)
        assert "declares" in refusal(tmp_path)


def linking(file: h5py.File) -> None:
    """Link into another file."""
    file["out"] = h5py.ExternalLink("/etc/passwd", "/")


@pytest.mark.parametrize("before", [512, 1024, 4096])
def test_hdf5_behind_a_block_of_something_else_is_looked_into(tmp_path: Path, before: int) -> None:
    """HDF5 readers look for the beginning there too."""
    (tmp_path / "m.h5").write_bytes(b"\0" * before + hdf5(linking))
    assert "/etc/passwd" in refusal(tmp_path / "m.h5")


def test_an_archive_behind_something_else_is_looked_into(tmp_path: Path) -> None:
    """Readers of archives find them from their end."""
    members = archive(tmp_path / "m.zip", {"../out": b"x"}).read_bytes()
    (tmp_path / "m.keras").write_bytes(b"#!/bin/sh\n" + members)
    assert "'../out'" in refusal(tmp_path / "m.keras")


def test_a_file_that_is_both_is_looked_into_twice(tmp_path: Path) -> None:
    """An archive may stand behind an honest HDF5 file."""
    members = archive(tmp_path / "m.zip", {"../out": b"x"}).read_bytes()
    (tmp_path / "m.h5").write_bytes(hdf5(weights) + members)
    assert "'../out'" in refusal(tmp_path / "m.h5")


@pytest.mark.parametrize("compression", [STORED, PACKED])
def test_hdf5_in_an_archive_may_begin_late_too(tmp_path: Path, compression: int) -> None:
    """Packed or not, weights that begin behind a block are looked into."""
    path = archive(tmp_path / "m.keras", {"model.weights.h5": b"\0" * 512 + hdf5(linking)}, compression)
    assert "/etc/passwd" in refusal(path)


def saying(path: Path, offset: int, value: bytes) -> Path:
    """Write an archive whose table of contents says something else of its first member."""
    archive(path, {"config.json": b"{}", "model.weights.h5": hdf5(linking)})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + len(value)] = value
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize(
    ("offset", "value"), [(6, b"\xff\x00"), (10, b"\x0e\x00"), (10, b"\x0c\x00"), (42, b"\xff" * 4)]
)
def test_damage_of_one_member_does_not_hide_another(tmp_path: Path, offset: int, value: bytes) -> None:
    """A version, a compression or a place that is none ends in no traceback, whatever zipfile makes of it."""
    path = saying(tmp_path / "m.keras", offset, value)
    assert artifacts.sniff(str(path)) == "keras"
    if offset != 6:  # there zipfile opens nothing at all
        assert "/etc/passwd" in refusal(path)
    else:
        artifacts.check(str(path))


def test_a_graph_of_one_long_word_is_searched_at_once(tmp_path: Path) -> None:
    """What looks for Keras's marks in a SavedModel takes no longer for a file that is made of beginnings of them."""
    (tmp_path / "saved_model.pb").write_bytes(b"_tf_keras_" * 100_000)
    assert artifacts.sniff(str(tmp_path)) == "export"


WRITTEN_SO = {
    "no object": b"[]",
    "null": b"null",
    "no JSON": b"{",
    "no text": b"\xff",
    "nested without end": b"[" * 200_000,
    "a number without end": b'{"a": ' + b"9" * 5000 + b"}",
    "no layers": b'{"class_name": "Functional", "config": {"layers": 3, "output_layers": []}}',
    "a layer that is none": b'{"class_name": "Functional", "config": {"layers": [3], "output_layers": []}}',
    "larger than any": b'{"a": "' + b"a" * (17 * 2**20) + b'"}',
}
"""Configurations that no Keras writes."""


@pytest.mark.parametrize("written", WRITTEN_SO)
@pytest.mark.parametrize("version", ["2.15.0", "3.5.0"])
def test_a_configuration_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, version: str, written: str) -> None:
    """Whatever is wrong with it, there is nothing to repair, and it is said why."""
    path = archive(tmp_path / "m.keras", {"metadata.json": b"null", "config.json": WRITTEN_SO[written]}, PACKED)
    with pytest.raises(NothingToRepair) as caught:
        config.repair(keras.tensorflow(version), "keras", str(path), str(tmp_path / "out.keras"))
    assert str(caught.value).endswith((".", ")."))
    assert "\n" not in str(caught.value)


def test_a_model_that_was_not_compiled_can_be_repaired(tmp_path: Path) -> None:
    """That its file says null of what it was compiled with is no damage, and stays so in the copy."""
    layer = {"class_name": "Dense", "config": {"units": 1, "newer": None}}

    def fill(file: h5py.File) -> None:
        file.attrs["model_config"], file.attrs["training_config"] = json.dumps(layer), "null"

    (tmp_path / "m.h5").write_bytes(hdf5(fill))
    changes = config.repair(keras.tensorflow("2.15.0"), "h5", str(tmp_path / "m.h5"), str(tmp_path / "out.h5"))
    assert changes == ["Dense: argument newer=None taken out"]
    with h5py.File(tmp_path / "out.h5") as file:
        assert file.attrs["training_config"] in ("null", b"null")


@pytest.mark.parametrize("data", [b"\x80" * 2**20, b"\x0a\x00" * 2**19, b"\x0a" + b"\xff" * 10])
def test_a_message_without_end_is_no_metadata(data: bytes) -> None:
    """Numbers of a million bytes, and messages of a million fields, are refused where they begin to be."""
    with pytest.raises(ValueError, match=r"cut off|more fields"):
        wire.metadata(data)


def test_a_disk_that_is_full_says_nothing_about_an_artifact() -> None:
    """It stays the error that it is."""
    with pytest.raises(OSError, match="No space"), reading():
        raise OSError(errno.ENOSPC, "No space left on device")
