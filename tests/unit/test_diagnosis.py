"""The table of causes: every row can be used, and known failures find theirs."""

import re
import string

import pytest

from runner.diagnosis import Diagnosis, Row, Side, diagnose, table
from runner.model import Cause, Phase, Raised


def side(name: str, **versions: str) -> Side:
    """Return an environment with these packages."""
    return Side(name=name, versions=versions)


OLD, NEW = side("tf2.8", keras="2.8.0", python="3.9.18"), side("tf2.21", keras="3.13.2", python="3.13.1")


def found(kind: str, message: str, *, traceback: str = "", log: str = "", phase: Phase = Phase.LOAD) -> Diagnosis:
    """Diagnose a load in the new environment of what the old one saved."""
    return diagnose(phase, Raised(type=kind, message=message, traceback=traceback), log, OLD, NEW)


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row.cause}")
def test_row_can_be_used(row: Row) -> None:
    """A row asks for something, explains itself in words that it has, and its sources are addresses."""
    assert any((row.phases, row.type, row.message, row.traceback, row.log, row.save, row.load))
    named = {name for _, name, _, _ in string.Formatter().parse(row.explanation) if name is not None}
    patterns = [pattern for pattern in (row.message, row.traceback) if pattern]
    packages = ("python", "tensorflow", "keras", "numpy", "h5py", "protobuf")
    known = {"save", "load", "layer", *(f"{side}_{package}" for side in ("save", "load") for package in packages)}
    assert named <= known.union(*(pattern.groupindex for pattern in patterns))
    assert row.name is None or any("name" in pattern.groupindex for pattern in patterns)
    assert row.explanation.endswith(".")
    assert all(re.fullmatch(r"https://\S+", source) for source in row.sources)


@pytest.mark.parametrize(
    ("kind", "message", "cause"),
    [
        (
            "ValueError",
            "Unknown layer: 'ScaledSwish'. Please ensure you are using a scope",
            Cause.CUSTOM_OBJECT_MISSING,
        ),
        ("TypeError", "Could not locate class 'ScaledSwish'. Make sure", Cause.CUSTOM_OBJECT_MISSING),
        (
            "ValueError",
            "Unrecognized keyword arguments passed to LSTM: {'time_major': False}",
            Cause.CONFIG_KEYWORD,
        ),
        ("TypeError", "('Keyword argument not understood:', 'groups')", Cause.CONFIG_KEYWORD),
        ("TypeError", "__init__() got an unexpected keyword argument 'groups'", Cause.CONFIG_KEYWORD),
        ("FileNotFoundError", "Op type not registered 'DisableCopyOnRead' in binary", Cause.OP_MISSING),
        ("OSError", "Unable to open file (truncated file: eof = 96)", Cause.ARTIFACT_CORRUPT),
        ("OSError", "SavedModel file does not exist at: <artifact>/savedmodel", Cause.ARTIFACT_INCOMPLETE),
        (
            "ValueError",
            "File format not supported: filepath=<artifact>/savedmodel. Keras 3 only supports V3 `.keras` files",
            Cause.FORMAT_UNSUPPORTED,
        ),
        ("ValueError", "bad marshal data (unknown type code)", Cause.LAMBDA_BYTECODE),
        ("AttributeError", "'str' object has no attribute 'decode'", Cause.H5PY_API),
        ("TypeError", "Descriptors cannot be created directly.", Cause.PROTOBUF_API),
        ("ModuleNotFoundError", "No module named 'keras.saving.legacy'", Cause.CLASS_MOVED),
        ("ValueError", "A total of 3 objects could not be loaded.", Cause.WEIGHTS_MISMATCH),
        ("MemoryError", "Unable to allocate 100. GiB", Cause.OUT_OF_MEMORY),
        ("numpy._core._exceptions._ArrayMemoryError", "Unable to allocate", Cause.OUT_OF_MEMORY),
        ("SystemExit", "sys.exit(3) was called", Cause.SCENARIO_ERROR),
        ("ScenarioError", "save(path) must return", Cause.SCENARIO_ERROR),
        ("ValueError", "something that nobody has seen before", Cause.UNRECOGNISED),
        ("", "", Cause.UNRECOGNISED),
    ],
)
def test_known_failures(kind: str, message: str, cause: Cause) -> None:
    """A failure that is known gets its cause, and one that is not is said to be unrecognised."""
    assert found(kind, message).cause is cause


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


def test_versions_decide() -> None:
    """The same message has another cause between other versions."""
    raised = Raised(type="OSError", message="Unable to open file (file signature not found)")
    assert diagnose(Phase.LOAD, raised, "", NEW, OLD).cause is Cause.FORMAT_UNSUPPORTED
    assert diagnose(Phase.LOAD, raised, "", OLD, OLD).cause is Cause.ARTIFACT_CORRUPT


def test_phase_decides() -> None:
    """A wrong argument is a matter of the signature only where the model is called."""
    text = "call() takes 2 positional arguments but 3 were given"
    assert found("TypeError", text, phase=Phase.PREDICT).cause is Cause.SIGNATURE_MISMATCH
    assert found("TypeError", text).cause is not Cause.SIGNATURE_MISMATCH


def test_traceback_decides() -> None:
    """An unknown name is the lambda's where the traceback says so."""
    assert found("NameError", "name 'np' is not defined", traceback="in lambda_function").cause is Cause.LAMBDA_BYTECODE
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
