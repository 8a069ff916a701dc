"""What changed between two runs, for a terminal, for a pull request and for programs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from runner.baseline.globs import Where, covering
from runner.difference import Change, Difference, Kind
from runner.record import Record, Status
from runner.report.failures import grouped
from runner.report.text import clean, code, prose
from runner.report.words import number
from runner.results import Results
from runner.writing import to_json as as_json

_MOST = 30
_TITLES = {
    Kind.REGRESSED: "Regressed",
    Kind.FIXED: "Fixed",
    Kind.CHANGED: "Cause changed",
    Kind.MOVED: "Numbers moved",
    Kind.NEW: "New",
    Kind.GONE: "Gone",
    Kind.LOST: "Not judged any more",
}
_WORDS = {
    Kind.REGRESSED: "regressed",
    Kind.FIXED: "fixed",
    Kind.CHANGED: "with another cause",
    Kind.MOVED: "with other numbers",
    Kind.NEW: "new",
    Kind.GONE: "gone",
    Kind.LOST: "not judged any more",
}
_STYLES = {Kind.REGRESSED: "red", Kind.FIXED: "green", Kind.LOST: "magenta"}


def render(found: Difference) -> RenderableType:
    """Return what to print of the difference."""
    lines = [Text(clean(line), "dim", overflow="fold") for line in _runs(found)]
    for kind, changes in _sections(found):
        lines += [Text(), Text(f"{_TITLES[kind]}: {_size(kind, changes)}", f"bold {_STYLES.get(kind, '')}".strip())]
        lines += [
            Text(f"  {clean(f'{cells}: {what}' if what else cells)}", overflow="fold")
            for cells, what in _lines(found, changes)
        ]
    return Group(*lines, Text(), Text(summary(found), "bold"))


def to_markdown(found: Difference) -> str:
    """Return the difference as Markdown; nothing that came out of a model can act as such."""
    parts = ["# What changed", f"**{summary(found)}**", "\n".join(f"- {prose(line)}" for line in _runs(found))]
    for kind, changes in _sections(found):
        parts.append(f"## {_TITLES[kind]}: {_size(kind, changes)}")
        lines = _lines(found, changes)
        parts.append("\n".join(f"- {code(cells)}{f': {prose(what)}' if what else ''}" for cells, what in lines))
    return "\n\n".join(parts) + "\n"


def to_json(found: Difference) -> str:
    """Return the difference as JSON: every change with the name of its cell, and both sides."""
    value = {
        "schema": 1,
        "old": _run(found.old),
        "new": _run(found.new),
        "counts": {
            **{str(kind): len(found.of(kind)) for kind in Kind},
            "same-passing": found.passing,
            "same-failing": found.failing,
        },
        "changes": [
            {"kind": change.kind, "id": change.id, "old": _side(change.old), "new": _side(change.new)}
            for change in found.changes
        ],
    }
    return as_json(value, indent=2) + "\n"


def summary(found: Difference) -> str:
    """Return the difference in a sentence."""
    same = f"{found.passing:,} pass as before, {found.failing:,} still fail with the same cause"
    if not found.changes:
        return f"Nothing changed: {same}."
    parts = [f"{len(changes):,} {_WORDS[kind]}" for kind, changes in _sections(found)]
    first = "" if found.of(Kind.REGRESSED) else "Nothing regressed; "
    return f"{first}{', '.join(parts)}; {same}."


def _sections(found: Difference) -> Iterator[tuple[Kind, tuple[Change, ...]]]:
    for kind in Kind:
        if changes := found.of(kind):
            yield kind, changes


def _size(kind: Kind, changes: Sequence[Change]) -> str:
    bad = sum(change.new is not None and change.new.status is not Status.PASS for change in changes)
    return number(len(changes), "cell") + (
        f", {bad:,} of which {'do' if bad != 1 else 'does'} not pass" * (kind is Kind.NEW)
    )


def _runs(found: Difference) -> Iterator[str]:
    for title, results in (("old", found.old), ("new", found.new)):
        run = results.run
        yield f"{title}: {number(len(results.cells), 'cell')}, {run.started}, crossload {run.runner}"
    if found.old.run.matrix != found.new.run.matrix:
        yield "The two are of different matrix files, or of one that was changed in between."


def _lines(found: Difference, changes: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """Yield cells, those that changed alike together in a glob, and what changed in them; as many as one reads."""
    larger_first = sorted((found.old, found.new), key=lambda results: -len(results.cells))
    universe = {cell.id: _where(cell) for results in larger_first for cell in results.cells}
    lines = [
        (glob, what)
        for what, members in sorted(grouped(changes, _told).items(), key=lambda each: each[0] == Status.PASS)
        for glob in covering(frozenset(change.id for change in members), universe)
    ]
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"and {len(lines) - _MOST:,} more", "all of them are in --format json"


def _where(cell: Record) -> Where:
    return Where(cell.id, cell.scenario, cell.format, cell.save, cell.load)


def _told(change: Change) -> str:
    """Return what changed in a cell, in words that are the same for those that changed alike."""
    match change.kind:
        case Kind.MOVED:
            return _moved(change)
        case Kind.NEW:
            return _outcome(change.new)
        case Kind.GONE:
            return _outcome(change.new) if change.new else ""
        case Kind.LOST:
            return f"was {_outcome(change.old)}, is {_outcome(change.new)}"
        case _:
            return f"{_outcome(change.old)} -> {_outcome(change.new)}"


def _outcome(cell: Record | None) -> str:
    if cell is None:
        return "not there"
    return f"{cell.status}, {cell.cause}" if cell.cause else str(cell.status)


def _moved(change: Change) -> str:
    old, new = (cell.comparison if cell else None for cell in (change.old, change.new))
    if not old or not new:
        return ""
    sides = {"outputs": (old.max_abs, new.max_abs), "weights": (old.weights_max_abs, new.weights_max_abs)}
    told = [
        f"{what} off by {was:.2g}, now {now:.2g}"
        for what, (was, now) in sides.items()
        if was is not None and now is not None and was != now
    ]
    return f"{_outcome(change.new)}: {', '.join(told)}"


def _run(results: Results) -> Mapping[str, Any]:
    run = results.run
    return {"started": run.started, "runner": run.runner, "matrix": run.matrix, "cells": len(results.cells)}


def _side(cell: Record | None) -> Mapping[str, Any] | None:
    if cell is None:
        return None
    return {
        "status": cell.status,
        "phase": cell.phase,
        "cause": cell.cause,
        "explanation": cell.explanation,
        "error": cell.exception.first_line if cell.exception else None,
        "comparison": cell.comparison,
    }
