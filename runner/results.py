"""
The results as they are kept: the journal while cells finish, results.json when they have, a DataFrame to report from.

A number that is not finite becomes null, as one that is not known does: the cause `not-finite` tells them apart.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache, partial
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json

from runner import __version__
from runner.errors import UsageError
from runner.model import Format
from runner.plan import Filters
from runner.record import Cause, Comparison, EnvironmentRecord, Phase, Record, Status
from runner.verdict import Answer
from runner.wording import printable, shown
from runner.writing import to_json, unwritable, valid, write_text

if TYPE_CHECKING:
    import pandas

SCHEMA: Final = 1
"""
The version of results.json. Keys that are added have defaults, so what older programs of this version wrote is read.
"""

_MORE = frozenset({"extra_forbidden", "unexpected_keyword_argument"})  # pydantic's names for a key too many
_INT64 = 2**63 - 1
_LONGEST = 16 * 2**20  # bytes of a line of the journal; a longer one, as of the zeros that a crash leaves, is none
_MEND = "Run the matrix again, or restore the file."
COLUMNS: "dict[str, str | type[StrEnum]]" = {
    "id": "string",
    "scenario": "names",
    "format": Format,
    "save": "names",
    "load": "names",
    "status": Status,
    "phase": Phase,
    "cause": Cause,
    "error": "string",
    "explanation": "string",
    "max_abs": "Float64",
    "max_rel": "Float64",
    "max_scaled": "Float64",
    "max_ulp": "Int64",
    "decisions_changed": "Int64",
    "decisions": "Int64",
    "weights_max_abs": "Float64",
    "first_layer": "string",
    "first_layer_max_abs": "Float64",
    "causes": "string",
    "root": "string",
    "with_itself": Status,
    "warnings": "string",
    "remedies": "string",
    "blame": "string",
    "expected": "bool",
    "attempts": "int64",
    "seconds": "float64",
    "peak_rss_mb": "Int64",
    "log": "string",
    "reproduce": "string",
}
"""What each column of a DataFrame of cells holds: words of a closed set, ``names``, or a type as pandas calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    When, where and by what the results were made.

    Attributes:
        started: Time in UTC, as ISO 8601 writes it: ``2026-11-23T10:00:00Z``.
        seconds: Wall-clock time of the whole run.
        runner: Version of this program.
        matrix: Digest of matrix.yaml: ``sha256:...``.
        host: What may matter of the machine, such as its system and processor.
        filters: What the command line left in of the matrix.
        shard: Which part of that it was, such as ``2/4``; None if it was all, or several that were merged.
        missing: Cells that were to be run, and that none of the merged runs has.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    started: str
    seconds: float
    runner: str
    matrix: str
    host: Mapping[str, Any] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)
    shard: str | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything a run found; the environments stand in the order of the matrix."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    schema: Literal[1] = SCHEMA
    run: Run
    environments: Mapping[str, EnvironmentRecord]
    cells: tuple[Record, ...]
    answer: Answer


class Journal:
    """
    One line of JSON for each finished cell, in the file as soon as the cell has ended.

    Several threads may append. A line that an earlier run left half-written is closed first: it spoils no other.

    Raises:
        OutputError: If the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab+", buffering=0)
            self._close_line()
        except OSError as error:
            raise unwritable(path, error) from error

    def append(self, record: Record) -> None:
        """Write a finished cell."""
        line = to_json(record).encode() + b"\n"
        try:
            with self._lock:
                self._write(line)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _close_line(self) -> None:
        if self._file.seek(0, os.SEEK_END):
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._write(b"\n")

    def _write(self, data: bytes) -> None:
        while data:
            data = data[self._file.write(data) or 0 :]


def read_journal(path: Path) -> dict[str, Record]:
    """
    Return the finished cells by their id: the last line of each, of those that can be taken over if there are any.

    Lines that cannot be read, such as the half of one with which a run ended, are as if they were not there, and so is
    a journal that does not exist: the cells run again.
    """
    records: dict[str, Record] = {}
    try:
        with path.open("rb") as lines:
            for line in iter(partial(lines.readline, _LONGEST), b""):
                if (record := _record(line)) and (record.key or not _has_key(records.get(record.id))):
                    records[record.id] = record
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); with --fresh the run begins anew.") from error
    return records


def write_results(results: Results, path: Path) -> None:
    """
    Write results.json, at once or not at all.

    Raises:
        OutputError: If it cannot be written; what was there before still is.
    """
    write_text(path, to_json(results, indent=2) + "\n")


def read_results(path: Path) -> Results:
    """
    Read results.json, or that of an output folder.

    Raises:
        UsageError: If there is none, or it is damaged, something else, or of a newer program.
    """
    path = path / "results.json" if path.is_dir() else path
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"There is no {path}. A run writes it: nox -s matrix") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        results = _adapter().validate_json(data)
    except ValidationError as error:
        raise UsageError(f"{path} {_refusal(data, error)}") from error
    twice = [name for name, number in Counter(cell.id for cell in results.cells).items() if number > 1]
    if twice:
        raise UsageError(f"{path} is damaged: it holds the cell {shown(twice[0])} more than once. {_MEND}")
    return results


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema of results.json."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "results.json of crossload"}
    schema = _adapter().json_schema()
    return {**schema, **head, "required": ["schema", *schema["required"]]}


def to_frame(cells: Iterable[Record]) -> "pandas.DataFrame":
    """
    Return one row for each cell, in typed flat columns.

    Closed sets of words and the names of scenarios and environments are categories; what a cell may lack is a missing
    value of a nullable type. `error` is the first line of the exception; `causes`, `warnings` (their kinds) and
    `remedies` (those that gave the right outputs) are separated by spaces.
    """
    rows = [_row(cell) for cell in cells]
    return typed({name: [row[name] for row in rows] for name in COLUMNS})


def typed(columns: Mapping[str, Sequence[Any]]) -> "pandas.DataFrame":
    """Return the columns of a DataFrame of cells with their types; see `to_frame`."""
    import pandas

    return pandas.DataFrame({name: _series(columns[name], kind) for name, kind in COLUMNS.items()})


def _row(cell: Record) -> dict[str, object]:
    """Return the cell's fields and those of its comparison, what holds several things as words."""
    flat = {item.name: getattr(cell, item.name) for item in fields(cell)}
    compared = cell.comparison
    return {
        **flat,
        **{item.name: getattr(compared, item.name) if compared else None for item in fields(Comparison)},
        "error": cell.exception.first_line if cell.exception else None,
        "causes": " ".join(cell.causes),
        "blame": cell.blame.text if cell.blame else None,
        "warnings": " ".join(dict.fromkeys(warned.kind for warned in cell.warnings)),
        "remedies": " ".join(tried.id for tried in cell.remedies if tried.status is Status.PASS),
    }


def _series(values: Sequence[Any], kind: "str | type[StrEnum]") -> "pandas.Series[Any]":
    """Return a column: words of a closed set, names in the order in which they come, or a plain type."""
    import pandas

    match kind:
        case "names":
            return _categories(values, [value for value in values if value is not None])
        case "string":
            return pandas.Series([None if value is None else valid(value) for value in values], dtype=kind)
        case "Int64" | "int64":
            small = [None if value is None else max(-_INT64, min(value, _INT64)) for value in values]
            return pandas.Series(small, dtype=kind)
        case "Float64":
            finite = [None if value is None or not isfinite(value) else value for value in values]
            return pandas.Series(finite, dtype=kind)
        case str():
            return pandas.Series(values, dtype=kind)
        case _:
            return _categories(values, kind)


def _categories(values: Iterable[str | None], known: Iterable[str]) -> "pandas.Series[Any]":
    import pandas

    words = [None if value is None else valid(str(value)) for value in values]
    return pandas.Series(pandas.Categorical(words, categories=list(dict.fromkeys(valid(str(word)) for word in known))))


@cache
def _adapter() -> TypeAdapter[Results]:
    return TypeAdapter(Results)


@cache
def _cell_adapter() -> TypeAdapter[Record]:
    return TypeAdapter(Record)


def _has_key(record: Record | None) -> bool:
    return record is not None and record.key != ""


def _record(line: bytes) -> Record | None:
    """Return the cell that a line of the journal holds, if it holds one."""
    try:
        return _cell_adapter().validate_json(line)
    except ValidationError:
        return None


def _refusal(data: bytes, error: ValidationError) -> str:
    """Return what is wrong with a file that is not a results.json of this version, and what to do."""
    try:
        found = from_json(data)
    except ValueError as problem:
        return f"is not JSON: {problem}. {_MEND}"
    if not isinstance(found, dict) or not isinstance(version := found.get("schema"), int) or "cells" not in found:
        return "is JSON, but not the results of a run: it has no `schema` and `cells`."
    if version > SCHEMA:
        return f"was written by a newer crossload (schema {version}; this one reads {SCHEMA}): upgrade crossload."
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    if all(problem["type"] in _MORE for problem in problems):
        keys = ", ".join(dict.fromkeys(str(problem["loc"][-1]) for problem in problems))
        return f"holds what crossload {__version__} does not know ({shown(keys)}): upgrade crossload."
    first, *others = problems
    place = printable(".".join(map(str, first["loc"])))
    more = f" (and {len(others)} more)" if others else ""
    return f"is damaged: {place}: {first['msg']}{more}. {_MEND}"
