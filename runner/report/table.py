"""
results.csv: one row for each cell, flat, for spreadsheets and pandas.

``pandas.read_csv(path, dtype_backend="numpy_nullable")`` guesses the types from what is there; `read_csv` knows them.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pandas

from runner.report.text import clean
from runner.results import COLUMNS, Results, to_frame, typed

_FORMULA = re.compile(r"'*[=+@-]")
_GUARDED = re.compile(r"^'(?='*[=+@-])")


def to_csv(results: Results) -> str:
    """
    Return results.csv; what a cell lacks is empty.

    Text is cleaned to one line, as many programs read a CSV by lines; results.json has it as it was. What a spreadsheet
    would take for a formula gets a quote in front, and so does what begins with such a quote, so that no two texts are
    written alike: names of layers come out of the artifact.

    Source:
        https://owasp.org/www-community/attacks/CSV_Injection
    """
    frame = to_frame(results.cells)
    for name in _texts():
        frame[name] = frame[name].astype("string").map(_guarded, na_action="ignore")
    return frame.to_csv(index=False, lineterminator="\n")


def read_csv(source: Path | IO[str]) -> pandas.DataFrame:
    """
    Return the DataFrame that results.csv was written from, with its types, its text on one line.

    Text that looks like a number stays text, ``nan`` or ``None`` is a name like others, and an empty text is missing.
    """
    texts = pandas.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8")
    return typed(
        {name: [_READ.get(str(kind), _unguarded)(text) for text in texts[name]] for name, kind in COLUMNS.items()}
    )


def _texts() -> list[str]:
    return [name for name, kind in COLUMNS.items() if kind in ("string", "names")]


def _guarded(value: object) -> str:
    line = clean(value)
    return f"'{line}" if _FORMULA.match(line) else line


def _unguarded(text: str) -> str | None:
    return _GUARDED.sub("", text, count=1) or None


def _whole(text: str) -> int | None:
    return int(text) if text else None


def _real(text: str) -> float | None:
    return float(text) if text else None


_READ: "dict[str, Callable[[str], object]]" = {
    "bool": lambda text: text == "True",
    "Int64": _whole,
    "int64": _whole,
    "Float64": _real,
    "float64": _real,
}
"""What makes a value of its text, by the type of the column; elsewhere it is text."""
