r"""
How files are written: at once or not at all, and always as valid UTF-8 and valid JSON.

Text that came out of an exception may hold anything. A lone surrogate becomes its escape as text (``\udc80``); all
other characters, control characters included, stay as they are.
"""

import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from runner.errors import OutputError


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
    return text.encode("utf-8", "backslashreplace").decode()


def unwritable(path: Path, error: OSError) -> OutputError:
    """Return the error to raise for a file that cannot be written."""
    return OutputError(f"{path} cannot be written: {error.strerror}. Make room for it, or choose another --output.")


def _plain(value: object) -> Any:
    """Return the value made of nothing but what JSON knows."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {valid(str(key)): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case _:
            return valid(str(value))
