"""
baseline.yaml <-> Baseline: its shape, its only reader and its only writer.

All mistakes in it are reported at once, each with its line and column, as those of matrix.yaml are.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from runner.baseline import Baseline, Row
from runner.baseline.globs import flaw
from runner.checking import check
from runner.document import Shape
from runner.errors import DocumentError
from runner.record import Cause, Status
from runner.wording import shown
from runner.writing import write_text
from runner.yaml_source import LARGEST, read_yaml

_LARGEST = 4 * LARGEST  # a program writes it
_WIDTH = 110
_HEAD = """\
# The outcomes that are accepted: a run ends with 0 as long as nothing comes out otherwise. The first row that matches a
# cell decides. `python -m runner report DIR --accept` brings this file up to date: reasons, links and
# `expires: YYYY-MM-DD` are kept, comments are not.
"""


def _glob(text: str) -> str:
    if wrong := flaw(text):
        raise ValueError(f"{shown(text)}: {wrong}")
    return text


def _status(status: Status) -> Status:
    match status:
        case Status.PASS:
            raise ValueError("a cell that passes needs no row")
        case Status.UNSUPPORTED:
            raise ValueError("what is declared unsupported needs no row")
        case Status.ERROR:
            raise ValueError("an 'error' cannot be accepted: nothing is known of such a cell")
    return status


def _reason(text: str) -> str:
    if not text.strip():
        raise ValueError("the reason is empty; say why this is accepted")
    return text.strip()


def _expires(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or text != found.isoformat():
        raise ValueError(f"{shown(text)} is no date; write it like '2027-01-31'")
    return found


def _in_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class RowShape(Shape):
    """Cells of which an outcome is accepted."""

    cells: Annotated[
        tuple[Annotated[str, AfterValidator(_glob)], ...], Field(strict=False, min_length=1), BeforeValidator(_in_list)
    ]
    """A glob over the names of cells, or a list of them: * ? [seq] and {this,that}."""

    status: Annotated[Status, Field(strict=False), AfterValidator(_status)]
    """How they come out."""

    cause: Annotated[Cause | None, Field(strict=False)] = None
    """Why; nothing where no cause is known."""

    reason: Annotated[str, AfterValidator(_reason)]
    """Why it is accepted."""

    link: str | None = None
    """Where one can read about it."""

    expires: Annotated[str, AfterValidator(_expires)] | None = None
    """The last day on which it is accepted."""


class BaselineShape(Shape):
    """The outcomes of cells that are accepted."""

    model_config = ConfigDict(title="baseline.yaml")

    version: Literal[1]
    """The version of this file's format."""

    accepted: Annotated[tuple[RowShape, ...], Field(strict=False)] = ()
    """The rows; the first that matches a cell decides."""


def read_baseline(path: Path) -> Baseline:
    """
    Read and check a baseline.

    Raises:
        DocumentError: With every mistake in the file.
    """
    source = read_yaml(path, largest=_LARGEST)
    checked = check(source, BaselineShape, _shape_at)
    if mistakes := [*source.mistakes, *checked.mistakes]:
        raise DocumentError(tuple(dict.fromkeys(mistakes)))
    rows = checked.document.accepted
    return Baseline(rows=tuple(_row(shape, source.values["accepted", place].line) for place, shape in enumerate(rows)))


def write_baseline(baseline: Baseline, path: Path) -> None:
    """
    Write a baseline, at once or not at all.

    Raises:
        OutputError: If it cannot be written; what was there before still is.
    """
    rows = [_plain(row) for row in baseline.rows]
    text = yaml.safe_dump({"version": 1, "accepted": rows}, sort_keys=False, allow_unicode=True, width=_WIDTH)
    write_text(path, _HEAD + text)


def _shape_at(route: tuple[str | int, ...]) -> type[Shape]:
    return RowShape if route[:1] == ("accepted",) and len(route) > 1 else BaselineShape


def _row(shape: RowShape, line: int) -> Row:
    fields = {name: getattr(shape, name) for name in RowShape.model_fields}
    return Row(**fields, line=line)


def _plain(row: Row) -> dict[str, Any]:
    """Return a row as it is written, without what it does not say."""
    said = {
        "status": str(row.status),
        "cause": row.cause and str(row.cause),
        "reason": row.reason,
        "link": row.link,
        "expires": row.expires,
        "cells": row.cells[0] if len(row.cells) == 1 else list(row.cells),
    }
    return {name: value for name, value in said.items() if value is not None}
