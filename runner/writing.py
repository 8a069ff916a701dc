r"""
How files are written: at once or not at all, and always as valid UTF-8 and valid JSON.

Text that came out of an exception may hold anything. A lone surrogate becomes its escape as text (``\udc80``); all
other characters, control characters included, stay as they are.
"""

import errno
import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from runner.errors import OutputError

_ELSEWHERE = "Choose another --output or, for the cache, another folder in CROSSLOAD_CACHE."


def write_text(path: Path, text: str) -> None:
    """
    Write a file, and the folder that it is in, at once or not at all.

    Raises:
        OutputError: If it cannot be written; what was there before still is.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, data: bytes) -> None:
    """
    Write a file, and the folder that it is in, at once or not at all.

    Raises:
        OutputError: If it cannot be written; what was there before still is.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(data)
        half.replace(path)
    except OSError as error:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON: dataclasses as objects, null for a number that is not finite."""
    separators = (",", ":") if indent is None else (",", ": ")
    known = _plain(value)
    return json.dumps(known, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)


def valid(text: str) -> str:
    """Return text that UTF-8 can hold."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def unwritable(path: Path, error: OSError) -> OutputError:
    """Return the error to raise for a file that cannot be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    advice = "Make room for it and run again: what finished is kept." if full else _ELSEWHERE
    return OutputError(f"{path} cannot be written: {error.strerror}. {advice}")


def _plain(value: object) -> Any:
    """Return the value made of nothing but what JSON knows."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return valid(value)
        case float():
            return value if math.isfinite(value) else None
        case list() | tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {name: _plain(getattr(value, name)) for name in _names(type(value))}
        case Mapping():
            return {valid(str(key)): _plain(item) for key, item in value.items()}
        case _:
            return valid(str(value))


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass."""
    return tuple(field.name for field in fields(kind))
