"""
A failure -> its cause and an explanation, by the ordered table in causes.yaml. Pure.

Adding a cause, or a new face of one, is a row in that table.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from runner.model import Cause, Phase, Raised

_TABLE = Path(__file__).with_name("causes.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """An environment as a diagnosis sees it: its name, and the version of each package in it, python's too."""

    name: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A cause, in the words of the cell."""

    cause: Cause
    explanation: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table; what is None holds always."""

    cause: Cause
    explanation: str
    sources: tuple[str, ...]
    phases: tuple[Phase, ...] | None
    type: re.Pattern[str] | None
    message: re.Pattern[str] | None
    traceback: re.Pattern[str] | None
    log: re.Pattern[str] | None
    save: Requirement | None
    load: Requirement | None


def diagnose(phase: Phase | None, raised: Raised, log: str, save: Side, load: Side) -> Diagnosis:
    """
    Name the cause of a failure.

    Args:
        phase: How far the cell came.
        raised: The exception; its type is empty where the process died without one.
        log: The end of what the process printed.
        save: Where the artifact was made.
        load: Where it failed; the same as `save` on the save side.

    Returns:
        The first row that holds; `unrecognised` if none does.
    """
    for row in table():
        if _sides_hold(row, save, load) and _face_holds(row, phase, raised, log):
            return Diagnosis(cause=row.cause, explanation=_explain(row, raised, save, load), sources=row.sources)
    return Diagnosis(cause=Cause.UNRECOGNISED)


@cache
def table() -> tuple[Row, ...]:
    """Read the table, in its order."""
    return tuple(_row(written) for written in yaml.safe_load(_TABLE.read_text(encoding="utf-8")))


def _row(written: Mapping[str, str | Sequence[str]]) -> Row:
    phases = written.get("phase")
    return Row(
        cause=Cause(str(written["cause"])),
        explanation=str(written["explanation"]),
        sources=tuple(written.get("sources", ())),
        phases=tuple(map(Phase, phases)) if phases else None,
        type=_pattern(written.get("type")),
        message=_pattern(written.get("match")),
        traceback=_pattern(written.get("traceback")),
        log=_pattern(written.get("log")),
        save=Requirement(str(written["save"])) if "save" in written else None,
        load=Requirement(str(written["load"])) if "load" in written else None,
    )


def _pattern(text: object) -> re.Pattern[str] | None:
    return re.compile(str(text), re.DOTALL) if text is not None else None


def _sides_hold(row: Row, save: Side, load: Side) -> bool:
    return _has(row.save, save) and _has(row.load, load)


def _has(requirement: Requirement | None, side: Side) -> bool:
    if requirement is None:
        return True
    version = side.versions.get(requirement.name)
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def _face_holds(row: Row, phase: Phase | None, raised: Raised, log: str) -> bool:
    return (
        (row.phases is None or phase in row.phases)
        and (row.type is None or row.type.fullmatch(raised.type) is not None)
        and (row.message is None or row.message.search(raised.message) is not None)
        and (row.traceback is None or row.traceback.search(raised.traceback) is not None)
        and (row.log is None or row.log.search(log) is not None)
    )


def _explain(row: Row, raised: Raised, save: Side, load: Side) -> str:
    found = row.message.search(raised.message) if row.message else None
    groups = {name: (value or "it").strip() for name, value in found.groupdict().items()} if found else {}
    return row.explanation.format_map({**groups, "save": save.name, "load": load.name})
