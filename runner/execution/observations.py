"""Read what a child left behind as the untrusted input that it is: bounded, without pickle, every field checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter

from runner.execution.arrays import read_arrays
from runner.files import TooLargeError, open_left, read_left
from runner.observation import Array, LayerSeen, Observation, OptimizerSeen
from runner.record import Phase, Raised

JSON_BYTES = 64 * 2**20
ARRAY_BYTES = 4 * 2**30
TEXT = 20000
_STRICT = ConfigDict(extra="forbid", strict=True)


class ObservationError(Exception):
    """The files are missing, damaged or too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    layer: str
    name: str
    key: str
    dtype: str
    shape: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exception:
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    type: str
    message: str
    traceback: str
    in_scenario: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What a child writes; see runner/harness/job.py."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    protocol: Literal[1]
    phase: Phase
    exception: _Exception | None
    unsupported: str | None
    own: list[str] | None
    deterministic: bool | None
    structure: dict[str, str] | None
    model: str | None
    optimizer: OptimizerSeen | None
    loss: float | None
    unit: float | None
    layers: list[LayerSeen]
    notes: dict[str, str]
    changes: list[str]
    seconds: dict[str, float]
    arrays: dict[str, list[_Entry]]


_WRITTEN: TypeAdapter[_Written] = TypeAdapter(_Written)


_JSON, _ARRAYS = "observation.json", "arrays.npz"


def read(folder: Path) -> Observation:
    """
    Read the observation in a job's folder.

    Raises:
        ObservationError: If there is none that can be believed.
    """
    try:
        written = _WRITTEN.validate_json(_text_of(folder / _JSON))
        return _observation(written, _arrays(folder / _ARRAYS, written.arrays))
    except ObservationError:
        raise
    except Exception as error:  # whatever zipfile and NumPy raise for a file that was made to harm them
        raise ObservationError(f"its observation cannot be read: {type(error).__name__}") from error


def size(folder: Path) -> int | None:
    """Return how many bytes the files of an observation have; None if they are gone."""
    try:
        return sum((folder / name).lstat().st_size for name in (_JSON, _ARRAYS))
    except OSError:
        return None


def _text_of(path: Path) -> bytes:
    try:
        return read_left(path, JSON_BYTES)
    except TooLargeError as error:
        raise ObservationError(f"its observation is larger than {JSON_BYTES // 2**20} MiB") from error


def phase(folder: Path) -> Phase | None:
    """Return how far a job came that left no observation."""
    try:
        with open_left(folder / "phase") as file:
            return Phase(file.read(20).decode())
    except (OSError, ValueError):
        return None


def _observation(written: _Written, arrays: Mapping[str, tuple[Array, ...]]) -> Observation:
    raised = written.exception
    return Observation(
        phase=written.phase,
        exception=_raised(raised) if raised else None,
        in_scenario=bool(raised and raised.in_scenario),
        unsupported=written.unsupported,
        own=None if written.own is None else frozenset(written.own),
        deterministic=written.deterministic,
        optimizer=written.optimizer,
        loss=written.loss,
        unit=written.unit,
        layers=tuple(written.layers),
        notes=written.notes,
        changes=tuple(written.changes),
        seconds=written.seconds,
        arrays=arrays,
    )


def _raised(written: _Exception) -> Raised:
    """Return the exception as the harness cuts it."""
    return Raised(type=written.type[:200], message=written.message[:TEXT], traceback=written.traceback[-2 * TEXT :])


def _arrays(path: Path, entries: Mapping[str, list[_Entry]]) -> dict[str, tuple[Array, ...]]:
    """Read the arrays, none of them twice, so that all of them together are no larger than their file."""
    keys = [entry.key for found in entries.values() for entry in found]
    if len(set(keys)) < len(keys):
        raise ValueError("an array has two entries")
    ends = [_ends(entry) for found in entries.values() for entry in found if entry.dtype == "string"]
    try:
        stored = read_arrays(path, [*keys, *ends], ARRAY_BYTES)
    except TooLargeError as error:
        raise ObservationError(f"its arrays are larger than {ARRAY_BYTES // 2**30} GiB") from error
    return {kind: tuple(_array(stored, entry) for entry in found) for kind, found in entries.items()}


def _ends(entry: _Entry) -> str:
    """Return the key of the places where the items of a text end."""
    return f"{entry.key}.ends"


def _array(stored: Mapping[str, NDArray[Any]], entry: _Entry) -> Array:
    value = stored[entry.key]
    if entry.dtype == "string":
        value = _text(value.tobytes(), stored[_ends(entry)]).reshape(entry.shape)
    if list(value.shape) != entry.shape:
        raise ValueError("an array has another shape than its entry")
    return Array(layer=entry.layer, name=entry.name, dtype=entry.dtype, value=value)


def _text(data: bytes, ends: NDArray[np.generic]) -> NDArray[np.object_]:
    starts = [0, *ends.tolist()]
    if starts != sorted(starts) or starts[-1] != len(data):
        raise ValueError("the items of a text do not follow each other")
    items = np.empty(ends.size, dtype=object)
    items[:] = [data[start:end] for start, end in pairwise(starts)]
    return items
