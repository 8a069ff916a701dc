"""Readers that do what none may: what tries inputs must tell."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.mutations import blind
from tests.fuzz.target import Target


def _raises(data: bytes, folder: Path) -> None:
    raise KeyError("planted")


def _hangs(data: bytes, folder: Path) -> None:
    try:
        while True:
            time.monotonic()
    except BaseException:  # noqa: S110  (a reader that takes whatever it is for damage)
        pass


def _eats(data: bytes, folder: Path) -> None:
    """Take a gigabyte and a half, and let go of it."""
    bytearray(3 * 2**29)


def _dies(data: bytes, folder: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _target(name: str, read: Callable[[bytes, Path], None], *, confined: bool = False) -> Target:
    return Target(name=name, read=read, seeds=lambda: (b"seed",), mutate=blind, inputs=1, confined=confined)


TARGETS = {
    "planted traceback": _target("planted traceback", _raises),
    "planted traceback, confined": _target("planted traceback, confined", _raises, confined=True),
    "planted hang": _target("planted hang", _hangs),
    "planted hang, confined": _target("planted hang, confined", _hangs, confined=True),
    "planted memory": _target("planted memory", _eats),
    "planted memory, confined": _target("planted memory, confined", _eats, confined=True),
    "planted death": _target("planted death", _dies),
    "planted death, confined": _target("planted death, confined", _dies, confined=True),
}
