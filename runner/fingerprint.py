"""
What an exception says at heart: the reason inside the reasons, and a text that all failures alike share. Pure.

Keras wraps errors: its own advice and a dump of the configuration stand before what really happened.
"""

import re

from runner.record import Raised

_INSIDE = re.compile(
    r"(?:Exception encountered|Error encountered during deserialization|Example error message for object)"
    r"(?: when calling [^\n]*?| <[^\n]*?>)?[:.]\s+"
    r"|Graph execution error:\s+|\(0\) [\w ]{1,40}: "
)
_TAIL = re.compile(r"(?:Call arguments received|Arguments received by|Full object config:|\[Op:|Node: ).*", re.DOTALL)
_FOLDERS = re.compile(r"(?<![\w:/.])(?:<[a-z]+>)?(?:/[^\s/'\"`:,;()<>|]+)+")
_ADDRESSES = re.compile(r"\b0x[0-9a-fA-F]{4,}\b")
_QUOTED = re.compile(r"'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"|`[^`\n]{0,200}`")
_NUMBERS = re.compile(r"(?<![A-Za-z])[-+]?\d[\d.,]*(?:e[-+]?\d+)?|(?<=[A-Za-z_])\d+")
_LISTS = re.compile(r"[\[({](?:[…N,\s:]|None|True|False)*[\])}]")
_IN_USER_CODE = "in user code:"  # AutoGraph shows the stack first, and the reason last
_WIDTH = 300
_MOST = 20000


def innermost(message: str) -> str:
    """Return the reason inside the reasons; the message itself if it holds no other."""
    parts = [part for part in _INSIDE.split(message) if part.strip()]
    return parts[-1].strip() if parts else message


def first_line(raised: Raised) -> str:
    """Return ``Type: first line of the innermost reason``, without the dump of a configuration or a call behind it."""
    text = _TAIL.sub("", innermost(raised.message[:_MOST]))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return raised.type
    return f"{raised.type}: {lines[-1] if lines[0] == _IN_USER_CODE else lines[0]}"


def fingerprint(raised: Raised) -> str:
    """
    Return a text that is the same for failures that differ in no more than paths, addresses, numbers and names.

    What stands in quotes is a name, or a value, of the model at hand.
    """
    line = first_line(raised)
    for pattern, stand_in in ((_ADDRESSES, "…"), (_QUOTED, "…"), (_FOLDERS, "…"), (_NUMBERS, "N"), (_LISTS, "(…)")):
        line = pattern.sub(stand_in, line)
    return " ".join(line.split())[:_WIDTH]
