"""Whose lines a failure went through, read off its traceback, or off the last stack in its log. Pure."""

import re
from typing import Literal

from runner.record import Raised

By = Literal["script", "library"]

_FILE = re.compile(r'^ *File "(?P<file>[^"\n]+)"', re.MULTILINE)
_SCRIPT = "<scenario>/"  # as paths are shown, see execution.attempts
_LIBRARY = re.compile(r"[/\\](?:site|dist)-packages[/\\](?:tensorflow|keras|tf_keras|h5py)")
_RAISED = "Traceback (most recent call last):"
_STOOD = "(most recent call first):"


def by(raised: Raised, log: str) -> By | None:
    """
    Tell whether a scenario's script failed by itself, or TensorFlow, Keras or h5py had a part in it.

    Args:
        raised: The exception; its type is empty where the process died without one, and `log` shows the stack then.

    Returns:
        ``script`` if none of these libraries was on the way there, before or behind, ``library`` if one was or no
        script was; None if no line is known.
    """
    if raised.type:
        files = _files(raised.traceback.rpartition(_RAISED)[2])
    else:
        files = _files(log.rpartition(_STOOD)[2]) if _STOOD in log else []
    if not files:
        return None
    alone = any(file.startswith(_SCRIPT) for file in files) and not any(map(_LIBRARY.search, files))
    return "script" if alone else "library"


def _files(text: str) -> list[str]:
    return [found["file"] for found in _FILE.finditer(text)]
