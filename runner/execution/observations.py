"""Read what a child left behind as the untrusted input that it is: bounded, without pickle, every field checked."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError

from runner.model import Array, Observation, OptimizerSeen, Phase, Raised

JSON_BYTES = 64 * 2**20
ARRAY_BYTES = 4 * 2**30
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
    """What a child writes; see runner/harness/jobs.py."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    protocol: int
    phase: Phase
    exception: _Exception | None
    unsupported: str | None
    deterministic: bool | None
    structure: dict[str, str] | None
    model: str | None
    optimizer: OptimizerSeen | None
    loss: float | None
    notes: dict[str, str]
    seconds: dict[str, float]
    arrays: dict[str, list[_Entry]]


_WRITTEN: TypeAdapter[_Written] = TypeAdapter(_Written)


def read(folder: Path) -> Observation:
    """
    Read the observation in a job's folder.

    Raises:
        ObservationError: If there is none that can be believed.
    """
    path = folder / "observation.json"
    try:
        if path.stat().st_size > JSON_BYTES:
            raise ObservationError(f"its observation is larger than {JSON_BYTES // 2**20} MiB")
        written = _WRITTEN.validate_json(path.read_bytes())
        return _observation(written, _arrays(folder / "arrays.npz", written.arrays))
    except (OSError, ValidationError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ObservationError(f"its observation cannot be read: {type(error).__name__}") from error


def phase(folder: Path) -> Phase | None:
    """Return how far a job came that left no observation."""
    try:
        return Phase((folder / "phase").read_text(encoding="utf-8")[:20])
    except (OSError, ValueError):
        return None


def _observation(written: _Written, arrays: Mapping[str, tuple[Array, ...]]) -> Observation:
    raised = written.exception
    return Observation(
        phase=written.phase,
        exception=Raised(type=raised.type, message=raised.message, traceback=raised.traceback) if raised else None,
        in_scenario=bool(raised and raised.in_scenario),
        unsupported=written.unsupported,
        deterministic=written.deterministic,
        optimizer=written.optimizer,
        loss=written.loss,
        notes=written.notes,
        seconds=written.seconds,
        arrays=arrays,
    )


def _arrays(path: Path, entries: Mapping[str, list[_Entry]]) -> dict[str, tuple[Array, ...]]:
    with zipfile.ZipFile(path) as archive:
        if sum(info.file_size for info in archive.infolist()) > ARRAY_BYTES:
            raise ObservationError(f"its arrays are larger than {ARRAY_BYTES // 2**30} GiB")
    with np.load(path, allow_pickle=False) as stored:
        return {kind: tuple(_array(stored, entry) for entry in found) for kind, found in entries.items()}


def _array(stored: Mapping[str, NDArray[np.generic]], entry: _Entry) -> Array:
    value = stored[entry.key]
    if entry.dtype == "string":
        value = _text(value.tobytes(), stored[entry.key + ".ends"].tolist()).reshape(entry.shape)
    if list(value.shape) != entry.shape:
        raise ValueError("an array has another shape than its entry")
    return Array(layer=entry.layer, name=entry.name, dtype=entry.dtype, value=value)


def _text(data: bytes, ends: list[int]) -> NDArray[np.object_]:
    items = np.empty(len(ends), dtype=object)
    items[:] = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return items
