"""How what people wrote is quoted back to them: short, printable, and with the name that they may have meant."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_LONGEST = 60
_MOST = 12


def shown(text: object) -> str:
    """Return text in quotes, on one line, short, and with whatever a terminal would act on escaped."""
    written = str(text)
    return repr(written if len(written) <= _LONGEST else f"{written[:_LONGEST]}...")


def printable(text: str) -> str:
    """Return text on one line, with whatever a terminal would act on escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def listed(names: Iterable[object], last: str = "and") -> str:
    """Return ``a, b and c``."""
    *head, tail = [str(name) for name in names] or ["none"]
    return f"{', '.join(head)} {last} {tail}" if head else tail


def nearest(name: str, known: Sequence[str]) -> str:
    """Return how a sentence ends that names the closest of the known names, or all of them if none is close."""
    short = name[:_LONGEST]
    if close := get_close_matches(short, known, n=1) or get_close_matches(short.lower(), known, n=1):
        return f"; perhaps you meant {close[0]!r}"
    if 0 < len(known) <= _MOST:
        return f"; known {'is' if len(known) == 1 else 'are'} {listed(map(_printable, known))}"
    return ""


def _printable(name: str) -> str:
    return name if name.isprintable() else shown(name)
