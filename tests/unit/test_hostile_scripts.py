"""What scripts do to their process stays in their cell: each of these runs in the same matrix as the others."""

import textwrap
from dataclasses import dataclass, replace

import pytest

from runner.model import Limits
from runner.plan import Filters, plan
from runner.record import Cause, Phase, Record, Status
from tests.fakes import SAVE, Lab, environment, matrix, processes_with

LIMITS = Limits(seconds=2.5, memory_mb=300, output_kb=16)
INNOCENTS = ("aaa", "mmm", "zzz")
PRELUDE = """
import ctypes, os, shutil, signal, sys, threading, time
import numpy as np
import tensorflow as tf
"""
DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    os._exit(0)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is to come of a script."""

    status: Status = Status.FAIL
    phase: Phase | None = Phase.SAVE
    cause: Cause | None = Cause.SCENARIO_ERROR
    attempts: int = 1


def crash(phase: Phase, cause: Cause = Cause.SCENARIO_ERROR) -> Outcome:
    """Return what comes of a process that dies of a signal."""
    return Outcome(status=Status.CRASH, phase=phase, cause=cause, attempts=2)


def timeout(phase: Phase, cause: Cause = Cause.SCENARIO_ERROR) -> Outcome:
    """Return what comes of a process that does not end."""
    return Outcome(status=Status.TIMEOUT, phase=phase, cause=cause, attempts=2)


PASS = Outcome(status=Status.PASS, phase=None, cause=None)
UNSUPPORTED = Outcome(status=Status.UNSUPPORTED, phase=None, cause=None)
BROKEN = Outcome()
RAISED = Outcome(cause=Cause.SCENARIO_ERROR)
NO_MEMORY = Outcome(status=Status.ERROR, cause=Cause.OUT_OF_MEMORY)

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
    "segfaults": ("ctypes.string_at(0)", crash(Phase.SAVE)),
    "aborts": ("os.abort()", crash(Phase.SAVE)),
    "is_killed": ("os.kill(os.getpid(), signal.SIGKILL)", crash(Phase.SAVE, Cause.UNRECOGNISED)),
    "sleeps": ("time.sleep(600)", timeout(Phase.SAVE)),
    "stops": ("os.kill(os.getpid(), signal.SIGSTOP)", timeout(Phase.SAVE, Cause.UNRECOGNISED)),
    "sleeps_in_a_child": ("os.waitpid(os.fork() or os.setsid() or time.sleep(600), 0)", timeout(Phase.SAVE)),
    "spins_in_c": ("sum(iter(int, 1))", timeout(Phase.SAVE)),
    "blocks_signals": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); time.sleep(600)",
        timeout(Phase.SAVE, Cause.UNRECOGNISED),
    ),
    "prints_for_ever": ("while True: os.write(1, b'x' * 65536)", timeout(Phase.SAVE, Cause.UNRECOGNISED)),
    "allocates_100_gb": ("np.ones(100 * 2**27)", NO_MEMORY),
    "grows": ("kept = []\nwhile True:\n    kept.append(np.ones(2**19)); time.sleep(0.005)", NO_MEMORY),
    "prints_100_mb": ("for _ in range(1600): os.write(1, b'x' * 65536)\nprint('the end'); return good(path)", PASS),
    "prints_and_exits": ("[os.write(1, b'x' * 65536) for _ in range(99)]; print('the end'); sys.exit(3)", BROKEN),
    "prints_nonsense": (r"os.write(1, bytes(range(256))); print('\x1b[31m\u2028é'); return good(path)", PASS),
    "closes_output": ("sys.stdout.close(); os.close(1); os.close(2); return good(path)", PASS),
    "closes_everything": ("os.closerange(0, 1024); return good(path)", PASS),
    "has_no_output": ("sys.stdout = sys.stderr = None; return good(path)", PASS),
    "writes_everywhere": (
        """
for number in range(3, 1024):
    try:
        os.write(number, b'junk')
    except OSError:
        pass
return good(path)
""",
        PASS,
    ),
    "moves": ("os.chdir('/'); os.environ.clear(); return good(path)", PASS),
    "ignores_signals": ("[signal.signal(n, signal.SIG_IGN) for n in (2, 13, 15, 17)]; return good(path)", PASS),
    "threads": ("threading.Thread(target=time.sleep, args=(600,)).start(); return good(path)", PASS),
    "forks": ("if os.fork() == 0: time.sleep(600)\nreturn good(path)", PASS),
    "leaves_daemon": (DAEMON + "return good(path)", PASS),
    "leaves_talking_daemon": (DAEMON.replace("time.sleep(600)", "os.execlp('yes', 'yes')") + "return good(path)", PASS),
    "leaves_closed_folders": (
        """
found = good(path)
os.makedirs('read_only/inside'); os.chmod('read_only', 0o500)
os.makedirs('shut/inside'); os.chmod('shut', 0)
os.chmod(path, 0o400); os.chmod(os.path.dirname(path), 0o500)
return found
""",
        PASS,
    ),
    "speaks_in_tongues": (r"raise ValueError('\udc80\x00\x1b[31m\u2028é')", BROKEN),
    "speaks_long": ("raise ValueError('x' * 2**24)", BROKEN),
    "cannot_speak": ("class Mute(Exception):\n    def __str__(self): raise OSError\nraise Mute", BROKEN),
    "interrupts": ("raise KeyboardInterrupt", BROKEN),
    "recurses": ("return save(path)", BROKEN),
}
"""Name -> the body of ``save``, and what comes of it."""

LOADS = {
    "load_exits": ("sys.exit(3)", Outcome(phase=Phase.LOAD)),
    "load_leaves": ("os._exit(0)", Outcome(phase=Phase.LOAD)),
    "load_removes_its_folder": ("shutil.rmtree(os.path.dirname(os.path.dirname(path)))", Outcome(phase=Phase.LOAD)),
    "load_declines": ("raise NotImplementedError", UNSUPPORTED),
    "load_segfaults": ("ctypes.string_at(0)", crash(Phase.LOAD)),
    "load_sleeps": ("time.sleep(600)", timeout(Phase.LOAD)),
    "load_gives_nothing": ("pass", Outcome(phase=Phase.LOAD)),
    "call_raises": ("return lambda x: 1 / 0", Outcome(phase=Phase.PREDICT)),
    "call_segfaults": ("return lambda x: ctypes.string_at(0)", crash(Phase.PREDICT)),
    "call_sleeps": ("return lambda x: time.sleep(600)", timeout(Phase.PREDICT)),
    "call_gives_nothing": ("return lambda x: None", Outcome(phase=Phase.PREDICT, cause=Cause.SIGNATURE_MISMATCH)),
}
"""Name -> the body of ``load``, and what comes of it."""

PARENT = """
import stat
parent = os.getppid()
with open("/proc/%d/cmdline" % parent, "rb") as file:
    assert b"harness" in file.read(), "this is nobody that a test may harm"
"""
KILLERS = {
    "kills_its_parent": PARENT + "os.kill(parent, signal.SIGKILL); time.sleep(600)",
    "leaves_daemon_and_kills": PARENT + DAEMON + "os.kill(parent, signal.SIGKILL); time.sleep(600)",
    "stops_its_parent": PARENT + "os.kill(parent, signal.SIGTERM); time.sleep(600)",
    "speaks_for_its_parent": PARENT
    + """
for number in range(64):
    path = '/proc/%d/fd/%d' % (parent, number)
    if os.path.exists(path) and stat.S_ISFIFO(os.stat(path).st_mode):  # nothing but pipes: a file would be overwritten
        os.write(os.open(path, os.O_WRONLY | os.O_NONBLOCK), b'junk\\n')
time.sleep(600)
""",
}
"""Name -> the body of ``save`` of what harms more than its own process: the harness that runs it."""

OUTCOMES = {name: outcome for name, (_, outcome) in {**SAVES, **LOADS}.items()}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return the lab in which all of them run."""
    return Lab(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def records(lab: Lab) -> dict[str, Record]:
    """Run them in one matrix, eight at a time."""
    saves = [lab.scenario(name, PRELUDE + _save(body)) for name, (body, _) in SAVES.items()]
    loads = [lab.scenario(name, SAVE, PRELUDE + _function("load", body)) for name, (body, _) in LOADS.items()]
    innocents = [lab.scenario(name) for name in INNOCENTS]
    scenarios = sorted([*saves, *loads, *innocents], key=lambda each: each.name)
    wanted = plan(matrix([environment("tf1", MARK=str(lab.folder))], scenarios, LIMITS), Filters())
    return {record.scenario: record for record in lab.execute(wanted, jobs=8).records}


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
    """No process that a script started is alive after the run, those included that left their session."""
    assert processes_with(f"MARK={lab.folder}") == []


def test_log_is_capped(lab: Lab, records: dict[str, Record]) -> None:
    """What a script prints is kept up to the limit, its beginning and its end."""
    log = (lab.output / str(records["prints_and_exits"].log)).read_bytes()
    assert len(log) < LIMITS.output_kb * 1024 + 2000
    assert b"bytes left out" in log
    assert b"xxxthe end\n" in log


def test_messages_can_be_stored(lab: Lab, records: dict[str, Record]) -> None:
    """Whatever characters a message has, and however long it is, the journal holds it and can be read."""
    stored = {record.scenario: record.exception for record in lab.journal.values()}
    assert set(stored) == set(records)
    assert stored["speaks_in_tongues"] is not None
    assert stored["speaks_in_tongues"].message == "?\x00\x1b[31m\u2028é"
    assert stored["speaks_long"] is not None
    assert len(stored["speaks_long"].message) < 2**16


def test_job_that_ends_its_server_is_an_error(lab: Lab) -> None:
    """A job that ends the server which runs it is an error of its own, and those beside it still get their results."""
    killers = [lab.scenario(name, PRELUDE + _save(body)) for name, body in KILLERS.items()]
    innocents = [lab.scenario(f"{name}{number}") for number in range(6) for name in INNOCENTS]
    slow = lab.scenario("slow", PRELUDE + _save("time.sleep(1); return good(path)"))
    scenarios = [slow, *innocents, *killers]
    patient = replace(LIMITS, seconds=20.0)  # nobody here is to be ended for being slow
    wanted = plan(matrix([environment("tf1", MARK=str(lab.folder))], scenarios, patient), Filters())
    found = {record.scenario: record.status for record in lab.execute(wanted, jobs=8).records}
    assert found == {each.name: Status.ERROR if each in killers else Status.PASS for each in scenarios}
    assert processes_with(f"MARK={lab.folder}") == []


LINKED = """
    import os
    import numpy as np
    import tensorflow as tf

    def save(path):
        model = tf.keras.Sequential([tf.keras.layers.Dense(2)])
        inputs = np.ones((4, 2), "float32")
        model(inputs)
        model.save(path + ".elsewhere")
        {spoil}
        return model, inputs
"""


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ('os.symlink("/etc/passwd", path)', "symbolic link"),
        ('os.replace(path + ".elsewhere", path); os.symlink("/etc", path + ".beside")', "symbolic link"),
        (
            'import zipfile; zipfile.ZipFile(path, "w").writestr("../../climbs", "x"); zipfile.ZipFile(path).close()',
            "'../../climbs'",
        ),
        ("os.mkfifo(path)", "pipe"),
    ],
)
def test_an_artifact_that_must_not_be_opened_is_refused(lab: Lab, spoil: str, said: str) -> None:
    """A link, an archive that climbs out and a pipe are refused with a sentence, by every remedy too."""
    record = lab.one(LINKED.format(spoil=spoil))
    assert (record.status, record.cause) == (Status.FAIL, Cause.ARTIFACT_CORRUPT)
    assert said in record.explanation
    assert record.exception is not None
    assert record.exception.type == "Refused"
    assert not [tried for tried in record.remedies if tried.status is Status.PASS]
