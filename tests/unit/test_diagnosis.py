"""The table of causes: every row can be used, and known failures find theirs."""

import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ConfigDict

from runner.diagnosis import Diagnosis, Row, Side, diagnose, match, table
from runner.record import Cause, Phase, Raised


def side(name: str, **versions: str) -> Side:
    """Return an environment with these packages."""
    return Side(name=name, versions=versions)


class Seen(BaseModel):
    """
    A failure as it was seen, or as it is known to be.

    Attributes:
        cell: Where, or that it is not from a run.
        own: Names that are code of the model's own; None where that is not known.
    """

    model_config = ConfigDict(extra="forbid")

    cell: str
    cause: Cause
    phase: Phase | None
    save: dict[str, str]
    load: dict[str, str]
    own: list[str] | None = None
    type: str = ""
    message: str = ""
    traceback: str = ""
    log: str = ""

    @property
    def raised(self) -> Raised:
        """Return the exception."""
        return Raised(type=self.type, message=self.message, traceback=self.traceback)

    @property
    def sides(self) -> tuple[Side, Side]:
        """Return both sides."""
        own = None if self.own is None else frozenset(self.own)
        return Side(name="saved", versions=self.save, own=own), Side(name="loaded", versions=self.load)


SEEN = [
    Seen.model_validate(seen)
    for seen in yaml.safe_load(Path(__file__).with_name("seen_failures.yaml").read_text(encoding="utf-8"))
]
OLD, NEW = side("tf2.8", keras="2.8.0", python="3.9.18"), side("tf2.21", keras="3.13.2", python="3.13.1")


def found(kind: str, message: str, *, traceback: str = "", log: str = "", phase: Phase = Phase.LOAD) -> Diagnosis:
    """Diagnose a load in the new environment of what the old one saved."""
    return diagnose(phase, Raised(type=kind, message=message, traceback=traceback), log, OLD, NEW)


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row.cause}")
def test_row_can_be_used(row: Row) -> None:
    """A row asks for something, explains itself in words that it has, and its sources are addresses."""
    assert any((row.phases, row.type, row.message, row.traceback, row.log, row.save, row.load))
    named = {name for _, name, _, _ in string.Formatter().parse(row.explanation) if name is not None}
    patterns = [pattern for pattern in (row.message, row.traceback, row.log) if pattern]
    packages = ("python", "tensorflow", "keras", "numpy", "h5py", "protobuf")
    known = {"save", "load", "layer", *(f"{side}_{package}" for side in ("save", "load") for package in packages)}
    assert named <= known.union(*(pattern.groupindex for pattern in patterns))
    assert row.name is None or any("name" in pattern.groupindex for pattern in patterns)
    assert row.explanation.endswith(".")
    assert all(re.fullmatch(r"https://\S+", source) for source in row.sources)


@pytest.mark.parametrize("seen", SEEN, ids=lambda seen: f"{seen.cause}-{seen.cell}")
def test_seen_failure(seen: Seen) -> None:
    """A failure that was seen has its cause, and an explanation with nothing left to fill in."""
    found = diagnose(seen.phase, seen.raised, seen.log, *seen.sides)
    assert found.cause is seen.cause
    assert not re.search(r"[{}]|\bit\b's", found.explanation)


def test_every_row_was_seen() -> None:
    """Each row of the table is the first that holds for some failure that was really seen."""
    rows = [match(seen.phase, seen.raised, seen.log, *seen.sides) for seen in SEEN]
    unseen = [row for row in table() if not any(found and found[0] is row for found in rows)]
    assert not unseen, [(row.cause, row.message and row.message.pattern) for row in unseen]


@pytest.mark.parametrize(
    ("kind", "message", "cause"),
    [
        # a layer, an argument, a class, a module that the table never saw
        ("TypeError", "Unrecognized keyword arguments passed to Wobble: {'shake': 3}", Cause.CONFIG_KEYWORD),
        ("TypeError", "Wobble.__init__() got an unexpected keyword argument 'shake'", Cause.CONFIG_KEYWORD),
        ("ValueError", "Unknown layer: 'Wobble'. Please ensure you are using a", Cause.CLASS_MOVED),
        ("TypeError", "Could not locate class 'Wobble'. Make sure custom classes are decorated", Cause.CLASS_MOVED),
        ("ValueError", "Unknown layer: 'mine>Mine'. Please ensure you are using a", Cause.CUSTOM_OBJECT_MISSING),
        ("TypeError", "Could not locate function 'mine'. Make sure custom", Cause.CUSTOM_OBJECT_MISSING),
        ("ModuleNotFoundError", "No module named 'keras.src.wobble'", Cause.CLASS_MOVED),
        ("ValueError", "something that nobody has seen before", Cause.UNRECOGNISED),
        ("", "", Cause.UNRECOGNISED),
    ],
)
def test_kinds(kind: str, message: str, cause: Cause) -> None:
    """The kind is told by what the message says, whatever it is about; own names by what the save side saw."""
    save = Side(name="old", versions=OLD.versions, own=frozenset({"Mine", "mine"}))
    assert diagnose(Phase.LOAD, Raised(type=kind, message=message), "", save, NEW).cause is cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("Unrecognized keyword arguments passed to Dense: {'hue': None}", Cause.CONFIG_KEYWORD),
        ("Unknown layer: 'Wobble'", Cause.CLASS_MOVED),
        ("Layer 'dense' expected 2 variables, but received 0 variables", Cause.WEIGHTS_MISMATCH),
        ("something that nobody has seen before", Cause.CONFIG_STRUCTURE),
    ],
)
def test_the_innermost_reason_decides(reason: str, cause: Cause) -> None:
    """Keras's advice to register a class, around an error that has nothing to do with it, decides nothing."""
    message = (
        "<class 'keras.src.models.functional.Functional'> could not be deserialized properly. Please ensure that "
        "components that are Python object instances (layers, models, etc.) returned by `get_config()` are explicitly "
        "deserialized, see `custom_objects` and `@keras.saving.register_keras_serializable()`.\n\n"
        "config={'batch_shape': [None], 'registered_name': None}.\n\nException encountered: " + reason
    )
    save = Side(name="old", versions=OLD.versions, own=frozenset())
    assert diagnose(Phase.LOAD, Raised(type="TypeError", message=message), "", save, NEW).cause is cause


def test_explanation_names_what_it_is_about() -> None:
    """An explanation names the environments' versions, and what the message names."""
    message = "Unrecognized keyword arguments passed to Scale: {'times': 2, 'invert': True}"
    assert found("ValueError", message).explanation == (
        "Scale was saved by Keras 2.8.0 with arguments that Keras 3.13.2 of tf2.21 does not know: 'times', 'invert'."
    )


def test_explanation_names_the_layer_around_the_reason() -> None:
    """Where the innermost reason names no layer, the explanation names the one around it."""
    message = (
        "Error when deserializing class 'Tint' using config={'hue': 1}.\n\nException encountered: __init__() got an "
    )
    assert found("TypeError", message + "unexpected keyword argument 'hue'").explanation.startswith("Tint was saved")


def test_braces_in_a_message() -> None:
    """What a message says is never taken for a place to fill."""
    explanation = found("ValueError", "Unrecognized keyword arguments passed to LSTM: {'{save}': '{0}'}").explanation
    assert "'{save" in explanation


def test_content_decides() -> None:
    """The same message has another cause where the file is another, whatever the versions are."""
    raised = Raised(type="OSError", message="Unable to open file (file signature not found)")
    archive = replace(raised, traceback="The artifact is a zip archive.\n")
    page = replace(raised, traceback="The artifact is a web page.\n")
    assert diagnose(Phase.LOAD, archive, "", NEW, OLD).cause is Cause.FORMAT_UNSUPPORTED
    assert diagnose(Phase.LOAD, page, "", NEW, OLD).cause is Cause.ARTIFACT_CORRUPT
    assert diagnose(Phase.LOAD, raised, "", OLD, OLD).cause is Cause.ARTIFACT_CORRUPT


def test_lines_decide() -> None:
    """What a script does by itself is its own failure; the same message out of Keras is not."""
    script = 'Traceback (most recent call last):\n  File "<scenario>/load.py", line 4, in load\n'
    keras = script + '  File "<environment>/lib/python3.13/site-packages/keras/src/models/model.py", line 9, in f\n'
    raised = Raised(type="KeyError", message="'units'", traceback=script)
    assert diagnose(Phase.LOAD, raised, "", OLD, NEW).cause is Cause.SCENARIO_ERROR
    assert diagnose(Phase.LOAD, replace(raised, traceback=keras), "", OLD, NEW).cause is Cause.CONFIG_STRUCTURE


def test_stack_of_a_process_that_died() -> None:
    """A process that died in the script's own line is no matter of versions; one that died in Keras may be."""
    stack = "Fatal Python error: Aborted\n\nCurrent thread 0x1 (most recent call first):\n"
    script = '  File "<scenario>/load.py", line 10 in load\n'
    keras = '  File "<environment>/lib/python3.13/site-packages/keras/src/ops.py", line 3 in f\n'
    assert "line 10 of load.py" in found("", "", log=stack + script).explanation
    assert found("", "", log=stack + script).cause is Cause.SCENARIO_ERROR
    assert found("", "", log=stack + keras + script).cause is Cause.UNRECOGNISED


def test_phase_decides() -> None:
    """A wrong argument is a matter of the signature only where the model is called."""
    text = "call() takes 2 positional arguments but 3 were given"
    assert found("TypeError", text, phase=Phase.PREDICT).cause is Cause.SIGNATURE_MISMATCH
    assert found("TypeError", text).cause is not Cause.SIGNATURE_MISMATCH


def test_traceback_decides() -> None:
    """An unknown name is the lambda's where the traceback says so."""
    assert (
        found("NameError", "name 'np' is not defined", traceback="save.py, line 3, in <lambda>").cause
        is Cause.LAMBDA_BYTECODE
    )
    assert found("NameError", "name 'np' is not defined", traceback="in call").cause is Cause.UNRECOGNISED


def test_log_of_a_process_that_died() -> None:
    """What a process printed before it died may tell why."""
    assert found("", "", log="terminate called after throwing an instance of 'std::bad_alloc'").cause is (
        Cause.OUT_OF_MEMORY
    )


def test_hostile_message() -> None:
    """A long message without sense is diagnosed at once, and so is a long log."""
    for piece in ("Unknown ", "Could not locate ", "optimizer variables ", "{'[", "\x00", "Shapes "):
        found("ValueError", (piece * 20000)[:20000], traceback=(piece * 40000)[:40000], log=(piece * 2**20)[: 2**20])


@pytest.mark.parametrize("piece", ["a", " ", "'", "[{", "A.b>", "Unknown layer ", 'File "x", line 1, in lambda\n'])
def test_texts_that_are_made_to_harm_are_read(piece: str) -> None:
    """However long a text is and whatever it repeats, the table is asked in time that grows with it, and answers."""
    text = piece * (200_000 // len(piece))
    raised = Raised(type="ValueError", message=text, traceback=text[:40_000])
    assert diagnose(Phase.LOAD, raised, text * 5, OLD, NEW).cause
    assert diagnose(Phase.SAVE, Raised(type="", message=""), text * 5, OLD, NEW).cause
