"""What scripts do to their process stays in their cell: every one of these runs in the same matrix, next to the others."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.model import Cause, Limits, Phase, Record, Status
from tests.fakes import SAVE, Lab, environment, matrix, processes_with

from runner.plan import Filters, plan  # isort: skip

LIMITS = Limits(seconds=2.5, memory_mb=300, output_kb=16)
PRELUDE = """
import ctypes, os, shutil, signal, sys, threading, time
import numpy as np
import tensorflow as tf
"""
"""What every script below begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is to come of a script."""

    status: Status = Status.FAIL
    phase: Phase | None = Phase.SAVE
    cause: Cause | None = Cause.SCENARIO_ERROR
    attempts: int = 1


PASS = Outcome(status=Status.PASS, phase=None, cause=None)
UNSUPPORTED = Outcome(status=Status.UNSUPPORTED, phase=None, cause=None)
BROKEN = Outcome()
RAISED = Outcome(cause=Cause.UNRECOGNISED)
NO_MEMORY = Outcome(status=Status.ERROR, cause=Cause.OUT_OF_MEMORY)
CRASH = Outcome(status=Status.CRASH, cause=Cause.UNRECOGNISED, attempts=2)
TIMEOUT = Outcome(status=Status.TIMEOUT, cause=Cause.UNRECOGNISED, attempts=2)
LOST = Outcome(status=Status.ERROR, phase=None, cause=Cause.UNRECOGNISED, attempts=2)

DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    os._exit(0)
"""

SAVES = {
    "exits": ("sys.exit(3)", BROKEN),
    "exits_well": ("sys.exit(0)", BROKEN),
    "exits_127": ("sys.exit(127)", UNSUPPORTED),
    "leaves_127": ("os._exit(127)", UNSUPPORTED),
    "leaves_0": ("os._exit(0)", BROKEN),
    "leaves_5": ("os._exit(5)", BROKEN),
    "becomes_another": ("os.execv('/bin/sh', ['sh', '-c', 'exit 0'])", BROKEN),
    "declines": ("raise NotImplementedError('only with GPUs')", UNSUPPORTED),
    "library_declines": ("import asyncio; asyncio.AbstractEventLoop().close()", RAISED),
    "writes_nothing": ("return (lambda x: x), np.ones(1)", BROKEN),
    "removes_its_folder": ("shutil.rmtree(os.path.dirname(os.path.dirname(path)))", BROKEN),
    "removes_the_artifact": ("shutil.rmtree(os.path.dirname(path)); return (lambda x: x), np.ones(1)", BROKEN),
    "returns_nothing": ("good(path)", BROKEN),
    "returns_one": ("return good(path)[:1]", BROKEN),
    "returns_four": ("return good(path) * 2", BROKEN),
    "returns_no_model": ("good(path); return 7, np.ones(1)", BROKEN),
    "returns_lock_as_inputs": ("return good(path)[0], threading.Lock()", BROKEN),
    "returns_ragged_inputs": ("return good(path)[0], {'x': [[1], [2, 3]]}", BROKEN),
    "gives_lock": ("good(path); return (lambda x: threading.Lock()), np.ones(1)", RAISED),
    "segfaults": ("ctypes.string_at(0)", CRASH),
    "aborts": ("os.abort()", CRASH),
    "is_killed": ("os.kill(os.getpid(), signal.SIGKILL)", CRASH),
    "sleeps": ("time.sleep(600)", TIMEOUT),
    "stops": ("os.kill(os.getpid(), signal.SIGSTOP)", TIMEOUT),
    "prints_for_ever": ("while True: os.write(1, b'x' * 65536)", TIMEOUT),
    "allocates": ("np.ones(100 * 2**27)", NO_MEMORY),
    "grows": ("kept = []\nwhile True: kept.append(b'x' * 2**22 + bytes([len(kept) % 256])); time.sleep(0.005)", NO_MEMORY),
    "prints_100_mb": ("for _ in range(1600): os.write(1, b'x' * 65536)\nreturn good(path)", PASS),
    "prints_nonsense": (r"os.write(1, bytes(range(256))); print('\x1b[31m\u2028é'); return good(path)", PASS),
    "closes_output": ("sys.stdout.close(); os.close(1); os.close(2); return good(path)", PASS),
    "closes_everything": ("os.closerange(0, 1024); return good(path)", PASS),
    "has_no_output": ("sys.stdout = sys.stderr = None; return good(path)", PASS),
    "writes_everywhere": (
        "for number in range(3, 1024):\n"
        "    try: os.write(number, b'junk\\n')\n"
        "    except OSError: pass\n"
        "return good(path)",
        PASS,
    ),
    "moves": ("os.chdir('/'); os.environ.clear(); return good(path)", PASS),
    "ignores_signals": ("[signal.signal(n, signal.SIG_IGN) for n in (2, 13, 15, 17)]; return good(path)", PASS),
    "threads": ("threading.Thread(target=time.sleep, args=(600,)).start(); return good(path)", PASS),
    "forks": ("if os.fork() == 0: time.sleep(600)\nreturn good(path)", PASS),
    "leaves_daemon": (DAEMON + "return good(path)", PASS),
    "leaves_talking_daemon": (DAEMON.replace("time.sleep(600)", "os.execlp('yes', 'yes')") + "return good(path)", PASS),
    "leaves_read_only": (
        "found = good(path)\nos.chmod(path, 0o400)\nos.makedirs('kept/inside'); os.chmod('kept', 0o500)\n"
        "os.makedirs('shut/inside'); os.chmod('shut', 0)\nos.chmod(os.path.dirname(path), 0o500)\nreturn found",
        PASS,
    ),
    "speaks_in_tongues": (r"raise ValueError('\udc80\x00\x1b[31m\u2028é')", BROKEN),
    "speaks_long": ("raise ValueError('x' * 2**24)", BROKEN),
    "cannot_speak": ("class Mute(Exception):\n    def __str__(self): raise OSError\nraise Mute", BROKEN),
    "interrupts": ("raise KeyboardInterrupt", BROKEN),
    "recurses": ("return save(path)", BROKEN),
    "kills_its_parent": ("os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)", LOST),
    "kills_its_parent_with_daemon": (DAEMON + "os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)", LOST),
    "talks_for_its_parent": (
        "for number in range(64):\n"
        "    try: os.write(os.open('/proc/%d/fd/%d' % (os.getppid(), number), os.O_WRONLY | os.O_NONBLOCK), b'junk\\n')\n"
        "    except OSError: pass\n"
        "time.sleep(600)",
        LOST,
    ),
}
"""Name -> the body of ``save``, and what comes of it."""

AT_LOAD = {
    "load_exits": ("sys.exit(3)", Outcome(phase=Phase.LOAD)),
    "load_leaves": ("os._exit(0)", Outcome(phase=Phase.LOAD)),
    "load_declines": ("raise NotImplementedError", UNSUPPORTED),
    "load_segfaults": ("ctypes.string_at(0)", Outcome(status=Status.CRASH, phase=Phase.LOAD, cause=Cause.UNRECOGNISED, attempts=2)),
    "load_sleeps": ("time.sleep(600)", Outcome(status=Status.TIMEOUT, phase=Phase.LOAD, cause=Cause.UNRECOGNISED, attempts=2)),
    "load_gives_nothing": ("pass", Outcome(phase=Phase.LOAD)),
    "load_removes_artifact": ("shutil.rmtree(os.path.dirname(path)); return lambda x: x", Outcome(status=Status.DRIFT, phase=Phase.PREDICT, cause=Cause.DECISION_CHANGED)),
    "call_raises": ("return lambda x: 1 / 0", Outcome(phase=Phase.PREDICT)),
    "call_segfaults": ("return lambda x: ctypes.string_at(0)", Outcome(status=Status.CRASH, phase=Phase.PREDICT, cause=Cause.UNRECOGNISED, attempts=2)),
    "call_sleeps": ("return lambda x: time.sleep(600)", Outcome(status=Status.TIMEOUT, phase=Phase.PREDICT, cause=Cause.UNRECOGNISED, attempts=2)),
    "call_gives_nothing": ("return lambda x: None", Outcome(phase=Phase.PREDICT, cause=Cause.UNRECOGNISED)),
    "load_kills_its_parent": ("os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)", LOST),
    "load_changes_artifact": ("model = tf.keras.models.load_model(path); open(path, 'w').close(); return model", PASS),
}
"""Name -> the body of ``load``, and what comes of it."""

OUTCOMES = {name: outcome for name, (_, outcome) in {**SAVES, **AT_LOAD}.items()}
INNOCENTS = ("aaa", "mmm", "zzz")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return the lab in which all of them ran."""
    return Lab(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def records(lab: Lab) -> Iterator[dict[str, Record]]:
    """Run all of them in one matrix, eight at a time."""
    scenarios = [lab.scenario(name, PRELUDE + _save(body)) for name, (body, _) in SAVES.items()]
    scenarios += [lab.scenario(name, SAVE, PRELUDE + _function("load", body)) for name, (body, _) in AT_LOAD.items()]
    scenarios += [lab.scenario(name) for name in INNOCENTS]
    marked = environment("tf1", MARK=str(lab.folder))
    wanted = plan(matrix([marked], sorted(scenarios, key=lambda each: each.name), LIMITS), Filters())
    yield {record.scenario: record for record in lab.execute(wanted, jobs=8).records}


def _save(body: str) -> str:
    return textwrap.dedent(SAVE).replace("def save", "def good") + _function("save", body)


def _function(name: str, body: str) -> str:
    return f"\ndef {name}(path):\n{textwrap.indent(body, '    ')}\n"


@pytest.mark.parametrize("name", OUTCOMES)
def test_script_has_its_own_outcome(name: str, records: dict[str, Record]) -> None:
    """A script that misbehaves is judged for what it did."""
    record = records[name]
    found = Outcome(status=record.status, phase=record.phase, cause=record.cause, attempts=record.attempts)
    assert found == OUTCOMES[name], (record.explanation, record.exception)


@pytest.mark.parametrize("name", INNOCENTS)
def test_others_are_unharmed(name: str, records: dict[str, Record]) -> None:
    """A script that does nothing wrong passes, whatever runs beside it."""
    assert records[name].status is Status.PASS, records[name].explanation


def test_no_process_is_left(lab: Lab, records: dict[str, Record]) -> None:
    """No process that any script started is alive after the run, those included that left their session."""
    assert processes_with(f"MARK={lab.folder}") == []


def test_logs_are_capped(lab: Lab, records: dict[str, Record]) -> None:
    """What a script prints is kept up to the limit, its end included."""
    log = Path(lab.output / str(records["prints_100_mb"].log)).read_bytes()
    assert len(log) < 2 * LIMITS.output_kb * 1024
    assert b"bytes" in log


def test_texts_are_storable(lab: Lab, records: dict[str, Record]) -> None:
    """Whatever characters a message has, the journal holds it and can be read."""
    stored = {record.scenario: record for record in lab.journal.values()}
    assert set(stored) == set(records)
    raised = stored["speaks_in_tongues"].exception
    assert raised is not None
    assert raised.message == "?\x00\x1b[31m\u2028é"
