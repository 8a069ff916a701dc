"""
Read the arrays that a child left behind: bounded, without pickle, none compressed.

They are as ``numpy.savez`` writes them. ``numpy.load`` would copy each of them, and parse its header as Python anew;
headers are few in a matrix, and arrays many.

Source:
    https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (4.3.7, the header before the content of a file)
"""

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from runner.files import read_left

_NUMBERS = "biufc"
_BEFORE = struct.Struct("<26xHH")
"""What stands before the content of a file in an archive, as far as it has one size: its end tells the rest."""

_LENGTH = slice(npy.MAGIC_LEN, npy.MAGIC_LEN + 2)
_VERSION = (1, 0)  # NumPy writes a later one only for headers that no array of numbers has


def read_arrays(path: Path, names: Iterable[str], most: int) -> dict[str, NDArray[Any]]:
    """
    Read arrays of numbers by their names; they cannot be written to, and together are no larger than their file.

    Args:
        most: Bytes that the file may have.

    Raises:
        TooLargeError: If it has more.
        Exception: Whatever zipfile and NumPy raise for a file that was made to harm them.
    """
    data = read_left(path, most)
    members = _members(data)
    return {name: _array(_content(data, members[f"{name}.npy"])) for name in names}


def _members(data: bytes) -> Mapping[str, zipfile.ZipInfo]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.NameToInfo


def _content(data: bytes, member: zipfile.ZipInfo) -> memoryview:
    """Return what a member holds, which is not copied."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError("an array is compressed")
    start = member.header_offset + _BEFORE.size + sum(_BEFORE.unpack_from(data, member.header_offset))
    content = memoryview(data)[start : start + member.file_size]
    if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
        raise ValueError("an array is damaged")
    return content


def _array(content: memoryview) -> NDArray[Any]:
    start = _LENGTH.stop + int.from_bytes(content[_LENGTH], "little")
    shape, fortran, dtype = _header(bytes(content[:start]))
    values = np.frombuffer(content[start:], dtype)
    if values.size != math.prod(shape):
        raise ValueError("an array is not as large as it says")
    return values.reshape(shape, order="F" if fortran else "C")


@lru_cache(maxsize=1024)
def _header(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return what a header says: the shape, whether the first index goes fastest, and the type."""
    file = io.BytesIO(header)
    if npy.read_magic(file) != _VERSION:
        raise ValueError("an array is of a format that NumPy does not write for numbers")
    shape, fortran, dtype = npy.read_array_header_1_0(file)
    if dtype.kind not in _NUMBERS:
        raise ValueError("an array holds something else than numbers")
    return shape, fortran, dtype
