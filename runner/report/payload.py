"""
The results as report.html carries them: rows of numbers, and tables in which what cells have in common stands once.

Number 0 of every table is nothing. All text has been made printable, so the page has only to show it as text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from runner.record import Attempt, Comparison, EnvironmentRecord, Record, Status, Tried
from runner.report.failures import KINDS, Failure, failures, grouped
from runner.report.grades import GRADES, NOTHING, UNKNOWN
from runner.report.grids import ages, outcome
from runner.report.hints import Hint, hints
from runner.report.text import clean, printable_lines, shortened
from runner.report.words import news
from runner.results import Results
from runner.verdict import phrases
from runner.writing import to_json

_LONGEST_LINE = 4_000
_LONGEST = 20_000
_BUDGET = 4_000_000
_SHORT = 500
_CUT = "… ({:,} more characters)"
_PACKED = ("scenario", "format", "save", "load", "status", "phase", "cause", "with_itself")

Row = list[Any]


class Table:
    """Values by number, each of them once."""

    def __init__(self) -> None:
        self.values: Row = [None]
        self._places: dict[str, int] = {}

    def add(self, value: object) -> int:
        """Return the number of a value that JSON knows; 0 for nothing."""
        if value is None or value in ("", [], {}):
            return 0
        key = value if isinstance(value, str) else json.dumps(value)
        place = self._places.setdefault(key, len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place


class Tables:
    """The tables of a page; they hold no more than so many characters of long texts in full."""

    def __init__(self) -> None:
        self.words, self.lines, self.blocks, self.facts = Table(), Table(), Table(), Table()
        self._left = _BUDGET

    def word(self, text: object) -> int:
        """Return the number of a text in one line."""
        return self.words.add(cut(clean(text), _LONGEST_LINE) if text else "")

    def block(self, text: str) -> int:
        """Return the number of a text in lines; lines are shared, too."""
        text = cut(text, _LONGEST if self._left > 0 else _SHORT)
        before = len(self.lines.values)
        numbers = [self.lines.add(line) for line in printable_lines(text).split("\n")]
        self._left -= sum(map(len, self.lines.values[before:]))
        return self.blocks.add(numbers) if any(numbers) else 0

    def fact(self, **facts: object) -> int:
        """Return the number of facts that belong together; those that are nothing are left out."""
        return self.facts.add({name: value for name, value in facts.items() if value not in (None, 0, "", [], False)})


def payload(results: Results) -> dict[str, Any]:
    """Return what report.html carries."""
    tables, order = Tables(), ages(results)
    places = {cell.id: place for place, cell in enumerate(results.cells)}
    rows = [_cell(tables, places, cell) for cell in results.cells]
    found = _failures(tables, results)
    return {
        "environments": [_environment(name, results.environments.get(name)) for name in order],
        "statuses": [_status(status) for status in Status],
        "grades": [asdict(grade) for grade in (*GRADES, UNKNOWN, NOTHING)],
        "kinds": KINDS,
        "columns": list(rows[0]) if rows else [],
        "cells": [list(row.values()) for row in rows],
        "failures": found,
        "hints": [_hint(hint) for hint in hints(results.cells)],
        "compared": bool(news(results.cells)),
        "words": tables.words.values,
        "lines": tables.lines.values,
        "blocks": tables.blocks.values,
        "facts": tables.facts.values,
    }


def to_script(data: Mapping[str, Any]) -> str:
    r"""
    Return data for a script element, which nothing in it can end.

    Source:
        https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
    """
    text = to_json(data)
    return text.replace("<", r"\u003c").replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")


def cut(text: str, most: int) -> str:
    """Return the beginning of a text that is too long, and how much is missing."""
    return text if len(text) <= most else text[:most] + _CUT.format(len(text) - most)


def _cell(tables: Tables, places: Mapping[str, int], cell: Record) -> dict[str, Any]:
    """Return the row of a cell: numbers of tables, and plain numbers."""
    return {
        **{name: tables.word(getattr(cell, name)) for name in _PACKED},
        "word": tables.word(outcome(cell)),
        "explanation": tables.word(cell.explanation),
        "sources": [tables.word(source) for source in cell.sources],
        "causes": [tables.word(cause) for cause in cell.causes],
        "error": tables.word(shortened(clean(cut(cell.exception.first_line, _LONGEST)), 600) if cell.exception else ""),
        "message": tables.block(cell.exception.message) if cell.exception else 0,
        "traceback": tables.block(cell.exception.traceback) if cell.exception else 0,
        "comparison": _comparison(tables, cell.comparison),
        "remedies": [_tried(tables, tried) for tried in cell.remedies],
        "warnings": [tables.fact(kind=tables.word(w.kind), text=tables.word(w.text)) for w in cell.warnings],
        "tries": [_try(tables, attempt) for attempt in cell.tries],
        "blame": tables.word(cell.blame.text) if cell.blame else 0,
        "root": 1 + places.get(cell.root or "", -1),
        "expected": int(cell.expected),
        "accepted": tables.word(cell.accepted),
        "attempts": cell.attempts,
        "seconds": round(cell.seconds, 2),
        "memory": cell.peak_rss_mb or 0,
        "reproduce": tables.word(cell.reproduce),
        "log": tables.word(cell.log),
    }


def _comparison(tables: Tables, compared: Comparison | None) -> int:
    """Return the number of what was compared; zeros count, what is not known does not."""
    if compared is None:
        return 0
    known = {item.name: getattr(compared, item.name) for item in fields(compared)}
    layer = cut(clean(compared.first_layer), _SHORT) if compared.first_layer else None
    return tables.facts.add(
        {name: value for name, value in {**known, "first_layer": layer}.items() if value is not None}
    )


def _tried(tables: Tables, tried: Tried) -> int:
    return tables.fact(
        id=tables.word(tried.id),
        status=str(tried.status),
        loses=[tables.word(lost) for lost in tried.loses],
        how=tables.block(tried.how),
        comparison=_comparison(tables, tried.comparison),
        cause=tables.word(tried.cause),
        explanation=tables.word(tried.explanation),
        error=tables.word(shortened(clean(cut(tried.error, _LONGEST)), 600)),
        changes=[tables.word(change) for change in tried.changes],
    )


def _try(tables: Tables, attempt: Attempt) -> int:
    return tables.fact(
        job=tables.word(attempt.job),
        status=str(attempt.status),
        phase=tables.word(attempt.phase),
        cause=tables.word(attempt.cause),
        explanation=tables.word(attempt.explanation),
        how=tables.word(attempt.how),
        fresh=int(attempt.fresh),
        seconds=round(attempt.seconds, 2),
    )


def _environment(name: str, made: EnvironmentRecord | None) -> dict[str, Any]:
    known = asdict(made or EnvironmentRecord(status="unknown"))
    packages = {clean(package): clean(version) for package, version in sorted(known.pop("packages").items())}
    texts = {key: None if value is None else cut(clean(value), _LONGEST_LINE) for key, value in known.items()}
    return {**texts, "name": clean(name), "packages": packages}


def _status(status: Status) -> dict[str, str]:
    """Return the words for one and for several cells with a status."""
    one, several = (" ".join(phrases({status: count})).partition(" ")[2] for count in (1, 2))
    return {"name": str(status), "one": one or str(status), "several": several or str(status)}


def _failures(tables: Tables, results: Results) -> list[dict[str, Any]]:
    """Return what goes wrong, told in the same words once, with the places of all of its cells."""
    places = {(f"{c.scenario}.{c.format}", c.save, c.load): place for place, c in enumerate(results.cells)}
    alike = grouped(failures(results), lambda f: (f.kind, f.cause, f.phase, f.error, f.explanation, f.sources))
    return [_alike(tables, group, places) for group in alike.values()]


def _alike(tables: Tables, group: Sequence[Failure], places: Mapping[tuple[str, str, str], int]) -> dict[str, Any]:
    first = group[0]
    return {
        "kind": str(first.kind),
        "cause": tables.word(first.cause),
        "phase": tables.word(first.phase),
        "error": tables.word(first.error),
        "explanation": tables.word(first.explanation),
        "sources": [tables.word(source) for source in first.sources],
        "cells": sorted(places[model, *pair] for f in group for model in f.models for pair in f.pairs),
    }


def _hint(hint: Hint) -> dict[str, Any]:
    return {"text": clean(hint.text), "saves": list(map(clean, hint.saves)), "loads": list(map(clean, hint.loads))}
