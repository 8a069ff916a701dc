"""
A failure -> its cause and an explanation, by the ordered table in causes.yaml. Pure.

Adding a cause, or a new face of one, is a row in that table.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from packaging.requirements import Requirement
from packaging.version import InvalidVersion

from runner.fingerprint import innermost
from runner.frames import By, by
from runner.record import Cause, Phase, Raised

MESSAGE = 3000
"""Characters at each end of a message that are looked at."""

LOG = 2**16
"""Characters of a log that are looked at: its end says what the process died of, and all of it may be made to harm."""

_TABLE = Path(__file__).with_name("causes.yaml")
_ANY_LAYER = "a layer"
_SPOKEN_OF = ("python", "tensorflow", "keras", "numpy", "h5py", "protobuf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """
    One side of a cell as a diagnosis sees it.

    Attributes:
        name: The environment's.
        versions: The version of each package in it, python's too.
        own: On the save side, names of classes and functions that are code of the model's own; None if not seen.
    """

    name: str
    versions: Mapping[str, str]
    own: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A cause, in the words of the cell."""

    cause: Cause
    explanation: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One row of the table; what is None holds always.

    Attributes:
        name: Whose the class or function must be that the message names: the model's ``own``, or the ``library``'s.
        by: Whether the scenario's script failed alone, or a library had a part in it.
    """

    cause: Cause
    explanation: str
    sources: tuple[str, ...]
    phases: tuple[Phase | None, ...] | None
    type: re.Pattern[str] | None
    message: re.Pattern[str] | None
    traceback: re.Pattern[str] | None
    log: re.Pattern[str] | None
    save: Requirement | None
    load: Requirement | None
    name: Literal["own", "library"] | None
    by: By | None


def diagnose(phase: Phase | None, raised: Raised, log: str, save: Side, load: Side) -> Diagnosis:
    """
    Name the cause of a failure.

    Args:
        phase: How far the cell came; None where the environment could not even import TensorFlow.
        raised: The exception; its type is empty where the process died without one.
        log: The end of what the process printed.
        save: Where the artifact was made.
        load: Where it failed; the same as `save` on the save side.

    Returns:
        The first row that holds for the innermost reason, else for the whole message; `unrecognised` if none does.
    """
    found = match(phase, raised, log, save, load)
    if found is None:
        return Diagnosis(cause=Cause.UNRECOGNISED)
    row, text = found
    explanation = _explain(row, replace(raised, message=text), raised.message, log, save, load)
    return Diagnosis(cause=row.cause, explanation=explanation, sources=row.sources)


def match(phase: Phase | None, raised: Raised, log: str, save: Side, load: Side) -> tuple["Row", str] | None:
    """Return the row that names the cause of a failure, and the part of the message that it was found in."""
    log = log[-LOG:]
    for text in dict.fromkeys(map(_ends, (innermost(raised.message), raised.message))):
        seen = replace(raised, message=text)
        for row in table():
            if _sides_hold(row, save, load) and _face_holds(row, phase, seen, log) and _name_holds(row, seen, save):
                return row, text
    return None


def _ends(text: str) -> str:
    """Return a message without its middle if it is long: that is a configuration mostly, and may be made to harm."""
    return text if len(text) <= 2 * MESSAGE else f"{text[:MESSAGE]} ... {text[-MESSAGE:]}"


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
        phases=tuple(None if phase == "none" else Phase(phase) for phase in phases) if phases else None,
        type=_pattern(written.get("type")),
        message=_pattern(written.get("match")),
        traceback=_pattern(written.get("traceback")),
        log=_pattern(written.get("log")),
        save=Requirement(str(written["save"])) if "save" in written else None,
        load=Requirement(str(written["load"])) if "load" in written else None,
        name=_whose(written.get("name")),
        by=_by(written.get("by")),
    )


def _whose(written: object) -> Literal["own", "library"] | None:
    match written:
        case "own" | "library" | None as whose:
            return whose
        case other:
            raise ValueError(f"{_TABLE.name}: name: {other!r} is neither own nor library")


def _by(written: object) -> By | None:
    match written:
        case "script" | "library" | None as who:
            return who
        case other:
            raise ValueError(f"{_TABLE.name}: by: {other!r} is neither script nor library")


def _pattern(text: object) -> re.Pattern[str] | None:
    return re.compile(str(text), re.DOTALL) if text is not None else None


def _sides_hold(row: Row, save: Side, load: Side) -> bool:
    return _has(row.save, save) and _has(row.load, load)


def _has(requirement: Requirement | None, side: Side) -> bool:
    if requirement is None:
        return True
    version = side.versions.get(requirement.name)
    try:
        return version is not None and requirement.specifier.contains(_plain(version), prereleases=True)
    except InvalidVersion:
        return False


def _plain(version: str) -> str:
    """Return a version as pip knows it: what Keras says inside TensorFlow 2.2 is ``2.3.0-tf``."""
    return version.removesuffix("-tf")


def _name_holds(row: Row, raised: Raised, save: Side) -> bool:
    if row.name is None:
        return True
    name = _groups(row, raised).get("name")
    return None not in (name, save.own) and (bare_name(name or "") in (save.own or ())) == (row.name == "own")


def _groups(row: Row, raised: Raised, log: str = "") -> dict[str, str]:
    """Return the named groups of a row's patterns: the message's before the traceback's before the log's."""
    searched = ((row.log, log), (row.traceback, raised.traceback), (row.message, raised.message))
    found = [hit for pattern, text in searched if pattern and (hit := pattern.search(text))]
    return {name: value for hit in found for name, value in hit.groupdict().items() if value}


def bare_name(text: str) -> str:
    """Return the name of a class or function without quotes, ``Package>`` and the module that it is in."""
    return re.split(r"[>.]", text.strip("'\"`<>. "))[-1]


def _face_holds(row: Row, phase: Phase | None, raised: Raised, log: str) -> bool:
    return (
        (row.phases is None or phase in row.phases)
        and (row.type is None or row.type.fullmatch(raised.type) is not None)
        and (row.message is None or row.message.search(raised.message) is not None)
        and (row.traceback is None or row.traceback.search(raised.traceback) is not None)
        and (row.log is None or row.log.search(log) is not None)
        and (row.by is None or row.by == by(raised, log))
    )


def _explain(row: Row, raised: Raised, whole: str, log: str, save: Side, load: Side) -> str:
    """Fill in what the row says; `whole` is the message with what Keras says around the reason."""
    groups = {name: _group(name, value) for name, value in _groups(row, raised, log).items()}
    said = {**_versions("save", save), **_versions("load", load), "layer": _subject(whole, raised.traceback), **groups}
    text = row.explanation.format_map(defaultdict(lambda: "it", said))
    return f"A{text[1:]}" if text.startswith(_ANY_LAYER) else text


def _group(name: str, value: str) -> str:
    match name:
        case "name" | "layer":
            return bare_name(value)
        case "keywords":
            return _keywords(value)
        case _:
            return value.strip()


def _keywords(text: str) -> str:
    """Return the keys of a dict, or the items of a list, as Python writes it after its bracket; inner ones left out."""
    depth, outer = 0, ""
    for char in text:
        depth += (char in "{[(") - (char in ")]}")
        if depth < 0:
            break
        outer += char if depth == 0 else ""
    names = re.findall(r"'(\w+)'(?=:)", outer) or re.findall(r"'(\w+)'", outer)
    return ", ".join(f"'{name}'" for name in names) or text.strip()


def _subject(message: str, traceback: str) -> str:
    """Return the layer that a failure is about: the last that could not be made."""
    names = re.findall(r"deserializing class '(\w+)'|<class '[\w.]*?(\w+)'> could not be", message)
    names += re.findall(r"^()Raised while making a (\w+)$", traceback, re.MULTILINE) if not names else []
    return next((first or second for first, second in reversed(names)), _ANY_LAYER)


def _versions(which: str, side: Side) -> dict[str, str]:
    """Return what a row may say of a side: its name, and the versions that matter, such as ``{load_keras}``."""
    said = {f"{which}_{package}": _plain(side.versions.get(package, "of unknown version")) for package in _SPOKEN_OF}
    return {which: side.name, **said}
