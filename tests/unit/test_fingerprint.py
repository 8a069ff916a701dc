"""What failures alike have in common."""

import pytest

from runner.fingerprint import fingerprint, first_line, innermost
from runner.record import Raised

KERAS3 = """<class 'keras.src.models.sequential.Sequential'> could not be deserialized properly. Please ensure that \
components that are Python object instances are explicitly deserialized in the model's `from_config()` method.

config={'module': 'keras', 'class_name': 'Sequential', 'config': {'name': 'sequential'}}.

Exception encountered: Error when deserializing class 'Dense' using config={'units': 8}.

Exception encountered: Unrecognized keyword arguments passed to Dense: {'quantization_config': None}"""


def raised(message: str, kind: str = "ValueError") -> Raised:
    """Return an exception."""
    return Raised(type=kind, message=message)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (KERAS3, "Unrecognized keyword arguments passed to Dense: {'quantization_config': None}"),
        (
            (
                "A total of 4 objects could not be loaded. Example error message for object <Dense name=dense, "
                "built=True>:\n\nLayer 'dense' expected 2 variables, but received 0 variables during loading."
            ),
            "Layer 'dense' expected 2 variables, but received 0 variables during loading.",
        ),
        ("Graph execution error:\n\nCould not find variable dense/bias.", "Could not find variable dense/bias."),
        (
            "Exception encountered when calling layer \"lambda\" (type Lambda).\n\nname 'helper' is not defined",
            "name 'helper' is not defined",
        ),
        ("plain", "plain"),
        ("", ""),
        ("Exception encountered: ", "Exception encountered: "),
    ],
)
def test_innermost_reason(message: str, reason: str) -> None:
    """What Keras says around a reason is taken away."""
    assert innermost(message) == reason


def test_first_line_without_a_dump() -> None:
    """The configuration that Keras shows behind a reason is left out."""
    message = "Could not locate class 'Scale'. Full object config: {'module': None, 'class_name': 'Scale'}"
    assert first_line(raised(message)) == "ValueError: Could not locate class 'Scale'."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Layer 'dense' broke at 0x7f00aa10", "Layer 'lstm_4' broke at 0x7f11bb20"),
        ("Cannot read <artifact>/model.h5", "Cannot read /tmp/elsewhere/model.h5"),
        ("Got 12 of 30.5 items", "Got 1 of 2e-05 items"),
        ("Wrong shape (None, 3, 4) for dense_1", "Wrong shape (2, 3) for dense_12"),
        (KERAS3, KERAS3.replace("Sequential", "Functional").replace("'quantization_config'", "'renorm'")),
    ],
)
def test_alike(one: str, other: str) -> None:
    """What differs in paths, addresses, numbers and quoted names has the same fingerprint."""
    assert fingerprint(raised(one)) == fingerprint(raised(other))


def test_not_alike() -> None:
    """Another type or another sentence has another fingerprint."""
    found = {
        fingerprint(raised("It broke")),
        fingerprint(raised("It broke", "KeyError")),
        fingerprint(raised("It bent")),
    }
    assert len(found) == 3


def test_hostile_message() -> None:
    """A long message without sense has its fingerprint at once, and a short one."""
    for piece in ("Exception encountered when calling ", "'", "[(", "/", "1.", "Full object config: ", " "):
        assert len(fingerprint(raised((piece * 20000)[:20000]))) <= 300
