"""Changes to documents and files by what they are made of: YAML, zip archives, NumPy's and HDF5 files, protobuf."""

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable
from functools import lru_cache
from random import Random
from typing import Any

import h5py
import numpy as np
import yaml

from tests.fuzz.mutations import NUMBERS, WORDS, Mutation, again_and_again, any_of, blind, json_document, lines, tree

SEPARATOR = b"\n=====\n"
"""Between the files of an input that is several."""


def _bomb(data: bytes, random: Random) -> bytes:
    """Add aliases that multiply, to a document or in the place of it."""
    used = random.choice(("[{0}, {0}, {0}, {0}, {0}]", "{{<<: [{0}, {0}, {0}]}}", "{{k: {0}, l: {0}}}"))
    rows = ["a0: &a0 {k: v}", *(f"a{i}: &a{i} {used.format(f'*a{i - 1}')}" for i in range(1, random.randint(2, 30)))]
    return random.choice((data, b"")) + b"\n" + "\n".join(rows).encode()


@lru_cache(maxsize=64)
def _parsed(data: bytes) -> Any:
    return yaml.load(data, Loader=yaml.CSafeLoader)


def _yaml_tree(data: bytes, random: Random) -> bytes:
    try:
        found = tree(_parsed(data), random)
        text: str = yaml.dump(
            found,
            Dumper=yaml.SafeDumper,
            allow_unicode=random.random() < 0.5,
            default_flow_style=random.choice((None, True, False)),
            sort_keys=False,
        )
    except (ValueError, OverflowError, RecursionError, yaml.YAMLError):
        return blind(data, random)
    return text.encode("utf-8", "surrogatepass")


yaml_document = any_of(_yaml_tree, _yaml_tree, again_and_again(lines), again_and_again(blind), _bomb)
"""Any change to YAML."""


def several(*mutations: Mutation) -> Mutation:
    """Return a mutation of several files in one input, each by its own."""

    def changed(data: bytes, random: Random) -> bytes:
        parts = data.split(SEPARATOR, len(mutations) - 1)
        at = random.randrange(len(parts))
        parts[at] = mutations[at](parts[at], random)
        return SEPARATOR.join(parts)

    return changed


def apart(data: bytes, number: int) -> list[bytes]:
    """Return the files of an input; those that are not there are empty."""
    parts = data.split(SEPARATOR, number - 1)
    return parts + [b""] * (number - len(parts))


def zipped(members: Iterable[tuple[zipfile.ZipInfo | str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


def archive_of(inner: Callable[[str], Mutation]) -> Mutation:
    """
    Return a mutation of archives: their members, what is said of those, and their bytes.

    Args:
        inner: Returns the mutation of a member by its name.
    """

    def changed(data: bytes, random: Random) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members: list[tuple[zipfile.ZipInfo | str, bytes]] = [
                    (info, archive.read(info)) for info in archive.infolist()
                ]
            at = random.randrange(len(members))
            info, content = members[at]
            assert isinstance(info, zipfile.ZipInfo)
            members[at : at + 1] = random.choice(_ON_MEMBERS)(info, content, inner, random)
            return _damaged(zipped(members), random)
        except Exception:  # what zipfile does not read, or write
            return blind(data, random)

    return changed


def _damaged(data: bytes, random: Random) -> bytes:
    """Change what the table of contents says, now and then."""
    if random.random() < 0.6:
        return data
    at = random.choice([place for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06") for place in _all(data, mark)])
    start, size = at + random.randint(4, 45), random.choice((1, 2, 4))
    number: int = random.choice(NUMBERS) % 256**size
    return data[:start] + number.to_bytes(size, "little") + data[start + size :]


def _all(data: bytes, mark: bytes) -> list[int]:
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


def _inside(info: zipfile.ZipInfo, content: bytes, inner: Callable[[str], Mutation], random: Random) -> Any:
    return [(_renewed(info), inner(info.filename)(content, random))]


def _named(info: zipfile.ZipInfo, content: bytes, inner: Callable[[str], Mutation], random: Random) -> Any:
    name = random.choice((random.choice(WORDS)[:60_000], "../" + info.filename, info.filename.upper(), "config.json"))
    return [(_renewed(info, name), content)]


def _twice(info: zipfile.ZipInfo, content: bytes, inner: Callable[[str], Mutation], random: Random) -> Any:
    return [(_renewed(info), content), (_renewed(info), inner(info.filename)(content, random))]


def _gone(info: zipfile.ZipInfo, content: bytes, inner: Callable[[str], Mutation], random: Random) -> Any:
    return []


def _packed(info: zipfile.ZipInfo, content: bytes, inner: Callable[[str], Mutation], random: Random) -> Any:
    other = _renewed(info)
    other.compress_type = random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    return [(other, random.choice((content, content + bytes(2**18), bytes(2**19))))]


def _said(info: zipfile.ZipInfo, content: bytes, inner: Callable[[str], Mutation], random: Random) -> Any:
    other = _renewed(info)
    other.external_attr = random.choice((0o120777 << 16, 0o010644 << 16, 0, 16))
    other.extra = random.choice(
        (b"", b"\x01\x00\x08\x00" + b"\xff" * 8, b"\x01\x00\x18\x00" + b"\xff" * 24, b"\xff" * 5)
    )
    return [(other, content)]


_ON_MEMBERS = (_inside, _inside, _inside, _inside, _named, _twice, _gone, _packed, _said)


def _renewed(info: zipfile.ZipInfo, name: str | None = None) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(info.filename if name is None else name)
    made.compress_type, made.external_attr = info.compress_type, info.external_attr
    return made


def npy(data: bytes, random: Random) -> bytes:
    """Change a NumPy file: its header, or its bytes."""
    if random.random() < 0.4 or data[:6] != b"\x93NUMPY":
        return again_and_again(blind)(data, random)
    (size,) = struct.unpack("<H", data[8:10].ljust(2, b"\0"))
    header, body = data[10 : 10 + size], data[10 + size :]
    descr = random.choice(
        ("<f4", ">f8", "<f2", "<c16", "|b1", "<i8", "<u8", "|O", "<U3", "|S3", "<M8[s]", "|V4", "<f16", "x")
    )
    shape = random.choice(
        ("()", "(2,)", "(0,)", "(2, 2)", "(1,) * 9", f"({2**40},)", "(-1,)", "(2.5,)", f"({'9' * 400},)")
    )
    made = f"{{'descr': '{descr}', 'fortran_order': {random.random() < 0.5}, 'shape': {shape}}}\n".encode()
    header = random.choice((made, made, blind(header, random)))[:65_000]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


npz = any_of(archive_of(lambda _: npy), again_and_again(blind))
"""Any change to the arrays of an observation."""


def hdf5(data: bytes, random: Random) -> bytes:
    """Change an HDF5 file: its attributes, groups, links and datasets, or its bytes."""
    if random.random() < 0.3:
        return again_and_again(blind)(data, random)
    target = io.BytesIO(data)
    try:
        with h5py.File(target, "r+") as file:
            for _ in range(random.randint(1, 3)):
                random.choice(_ON_OBJECTS)(random.choice(_objects(file)), file, random)
    except Exception:  # what h5py does not read, or write
        return blind(data, random)
    return again_and_again(blind)(target.getvalue(), random) if random.random() < 0.2 else target.getvalue()


def _objects(file: Any) -> list[Any]:
    found = [file]
    file.visititems(lambda _, item: found.append(item))
    return found


def _attribute(item: Any, file: Any, random: Random) -> None:
    """Change an attribute that Keras writes, wherever it stands."""
    name = random.choice(("model_config", "training_config", "layer_names", "weight_names", "keras_version"))
    before = (item if name in item.attrs else file).attrs.get(name, b"{}")
    text = bytes(before) if isinstance(before, bytes) else before.encode() if isinstance(before, str) else b"[]"
    item.attrs[name] = random.choice(
        (
            np.void(json_document(text, random)[:60_000] or b"x"),
            json_document(text, random)[:60_000].decode("utf-8", "replace").replace("\0", "0"),
            random.choice((0, 1.5, np.zeros((2, 2)), [b"a", b"b"], np.array([], "S3"), h5py.Empty("f"), file.ref)),
        )
    )


def _taken(item: Any, file: Any, random: Random) -> None:
    if item.name != "/":
        del file[item.name]


def _group(item: Any, file: Any, random: Random) -> None:
    names = ("model_weights", "layers", "vars", "optimizer", "dense_" + "9" * 30, "²", "é", "x" * 300)
    file.require_group(f"{item.name if isinstance(item, h5py.Group) else ''}/{random.choice(names)}")


def _moved(item: Any, file: Any, random: Random) -> None:
    if item.name != "/":
        file.move(item.name, random.choice(("/layers", "/model_weights/x", item.name + "_1", "/²")))


def _linked(item: Any, file: Any, random: Random) -> None:
    kinds = (h5py.SoftLink("/"), h5py.SoftLink("/no"), h5py.ExternalLink("x.h5", "/"), h5py.SoftLink(item.name), file)
    (item if isinstance(item, h5py.Group) else file)["linked" + str(random.randint(0, 9))] = random.choice(kinds)


def _dataset(item: Any, file: Any, random: Random) -> None:
    group = item if isinstance(item, h5py.Group) else file
    dtype = random.choice(("f4", "f2", "c8", "?", "i8", "S3", h5py.string_dtype(), h5py.ref_dtype, "V3", [("a", "f4")]))
    shape = random.choice(((), (0,), (2,), (1,) * 9, (2**40,), (2**20, 3)))
    group.create_dataset(f"{random.choice('0123')}", shape=shape, dtype=dtype, chunks=True if shape else None)


_ON_OBJECTS = (_attribute, _attribute, _attribute, _taken, _group, _moved, _linked, _dataset)


def protobuf(data: bytes, random: Random) -> bytes:
    """Change a message of protobuf: numbers that do not end, lengths that lie, marks that a search looks for."""
    at = random.randint(0, len(data))
    piece = random.choice(
        (
            b"\x80" * random.choice((9, 11, 2**20)),
            b"\x0a" + b"\xff" * 9 + b"\x01",
            b"\x0a\x00" * random.choice((1, 2**19)),
            b"_tf_keras_" * random.choice((1, 2**16)),
            b"\x2a\x06" + random.choice(WORDS).encode("utf-8", "surrogatepass"),
            bytes([random.randrange(256), random.randrange(256)]),
        )
    )
    return random.choice((data[:at] + piece + data[at:], data[:at] + piece, blind(data, random)))
