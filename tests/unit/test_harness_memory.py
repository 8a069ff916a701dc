"""How much memory a job may have, with all that it starts, and what becomes of the others when it wants more."""

import os
import textwrap
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from runner.plan import Filters, plan
from runner.record import Cause, Phase, Record, Status
from tests.fakes import LIMITS, SAVE, Lab, environment, matrix, processes_with

TIGHT = replace(LIMITS, memory_mb=300, disk_mb=2**20)
MARK = uuid.uuid4().hex
MEMORY = Path("/dev/shm")  # noqa: S108  (where files lie in memory)
INNOCENTS = ("aaa", "mmm", "zzz")
PRELUDE = """
import ctypes, mmap, multiprocessing, os, signal, subprocess, sys, tempfile, time
import numpy as np
import tensorflow as tf

def in_child(work, *, away=False):
    pid = os.fork()
    if pid == 0:
        if away:
            os.setsid()
            if os.fork():
                os._exit(0)
        work()
        os._exit(0)
    return pid

def hold(megabytes):
    kept = b"x" * (megabytes * 2**20)
    time.sleep(60)

def leave_it_to_the_server():
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)

def crash_once(mark):
    try:
        open(mark, "x").close()
    except FileExistsError:
        return
    os.abort()
"""
HUNGRY = {
    "at_once": "bytearray(10**11)",
    "as_an_array": "np.ones(10**11, 'int8')",
    "in_pieces": "kept = []\nwhile True: kept.append(b'x' * 2**20); time.sleep(0.002)",
    "in_a_child": "subprocess.check_call([sys.executable, '-c', 'bytearray(10**11)'])",
    "in_a_worker": "multiprocessing.get_context('fork').Pool(1).map(bytearray, [10**11])",
    "in_children": "[in_child(lambda: hold(100)) for _ in range(4)]; time.sleep(60)",
    "in_grandchildren": "[in_child(lambda: in_child(lambda: hold(99)) and os.wait()) for _ in '1234']; time.sleep(60)",
    "in_sessions_of_their_own": "[in_child(lambda: hold(100), away=True) for _ in range(4)]; time.sleep(60)",
    "of_its_own_and_in_a_child": "in_child(lambda: hold(150)); hold(150)",
    "shared_by_mapping": "kept = mmap.mmap(-1, 2**30); [kept.write(bytes(2**20)) for _ in range(900)]; time.sleep(60)",
    "as_a_file_in_memory": """
with tempfile.TemporaryFile(dir='/dev/shm') as file:
    file.truncate(2**30)
    kept = mmap.mmap(file.fileno(), 2**30)
    [kept.write(bytes(2**20)) for _ in range(900)]
    time.sleep(60)
""",
    "in_files_in_memory": """
for number in range(4):
    file = open('/dev/shm/crossload-{mark}-%d' % number, 'wb')
    globals().setdefault('kept', []).append(file)
    file.write(bytes(100 * 2**20))
time.sleep(60)
""",
    "in_nameless_files_in_memory": """
kept = [tempfile.TemporaryFile(dir='/dev/shm') for _ in range(4)]
[file.write(bytes(100 * 2**20)) for file in kept]
time.sleep(60)
""",
    "by_mapping_a_file_with_holes": """
with tempfile.TemporaryFile(dir='.') as file:
    file.truncate(2**30)
    kept = mmap.mmap(file.fileno(), 2**30, access=mmap.ACCESS_READ)
    [kept[place] for place in range(0, 2**30, 4096)]
    time.sleep(60)
""",
    "by_mapping_100_gb": """
with tempfile.TemporaryFile(dir='.') as file:
    file.truncate(10**11)
    mmap.mmap(file.fileno(), 10**11)
""",
}
"""Name -> what takes more than 300 MiB, most of it a hundred gigabytes."""

LATE = {name: HUNGRY[name] for name in ("at_once", "in_pieces", "in_children")}
SECOND = {name: HUNGRY[name] for name in ("as_an_array", "in_pieces", "in_children")}
SPARING = {
    "shares_with_forks": "kept = b'x' * 15 * 10**7; [in_child(lambda: time.sleep(2)) for _ in '123456']; time.sleep(2)",
    "shares_a_mapping": """
kept = mmap.mmap(-1, 150 * 2**20)
kept.write(bytes(150 * 2**20))
[in_child(lambda: sum(kept[place] for place in range(0, len(kept), 4096)) or time.sleep(2)) for _ in range(6)]
time.sleep(2)
""",
    "gives_back": "kept = b'x' * (200 * 2**20); del kept; kept = b'x' * (200 * 2**20)",
    "one_after_the_other": "[subprocess.check_call([sys.executable, '-c', 'b\"x\" * 10**8']) for _ in range(4)]",
}
"""Name -> what does not, though its processes do if what they share is counted for each of them."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return the lab in which all of them run."""
    return Lab(tmp_path_factory.mktemp("memory"))


def saving(body: str) -> str:
    """Return a save script that does something first."""
    body = body.replace("{mark}", MARK)
    good = textwrap.dedent(SAVE).replace("def save", "def good")
    return f"{PRELUDE}{good}\ndef save(path):\n{textwrap.indent(body, '    ')}\n    return good(path)\n"


def loading(body: str) -> str:
    """Return a load script that does something first."""
    return f"{PRELUDE}\ndef load(path):\n{textwrap.indent(body, '    ')}\n"


@pytest.fixture(scope="module")
def records(lab: Lab) -> dict[str, Record]:
    """Run all of them in one matrix, on one server, three at a time."""
    scenarios = [
        *(lab.scenario(name, saving(body)) for name, body in {**HUNGRY, **SPARING}.items()),
        *(lab.scenario(f"late_{name}", SAVE, loading(body)) for name, body in LATE.items()),
        *(
            lab.scenario(f"second_{name}", saving(f"crash_once({str(lab.folder / name)!r})\n{body}"))
            for name, body in SECOND.items()
        ),
        *(lab.scenario(name) for name in INNOCENTS),
    ]
    ordered = sorted(scenarios, key=lambda each: each.name)
    wanted = plan(matrix([environment("tf1", MARK=str(lab.folder))], ordered, TIGHT), Filters())
    return {record.scenario: record for record in lab.execute(wanted, jobs=3).records}


@pytest.mark.parametrize("name", HUNGRY)
def test_more_memory_than_the_limit(records: dict[str, Record], name: str) -> None:
    """A save that takes more memory than it may is an error that names the limit, whichever way it takes it."""
    record = records[name]
    assert (record.status, record.phase, record.cause) == (Status.ERROR, Phase.SAVE, Cause.OUT_OF_MEMORY), record
    assert "limits.memory_mb" in record.explanation
    assert record.seconds < 15


@pytest.mark.parametrize("name", LATE)
def test_more_memory_than_the_limit_in_a_load(records: dict[str, Record], name: str) -> None:
    """A load that does so is the same error, of its own phase."""
    record = records[f"late_{name}"]
    assert (record.status, record.phase, record.cause) == (Status.ERROR, Phase.LOAD, Cause.OUT_OF_MEMORY), record


@pytest.mark.parametrize("name", SECOND)
def test_more_memory_than_the_limit_in_a_fresh_process(records: dict[str, Record], name: str) -> None:
    """What is tried again in a fresh process is held to the same limit."""
    record = records[f"second_{name}"]
    assert (record.status, record.cause) == (Status.ERROR, Cause.OUT_OF_MEMORY), record
    assert record.attempts > 1


@pytest.mark.parametrize("name", SPARING)
def test_memory_that_is_shared_counts_once(records: dict[str, Record], name: str) -> None:
    """A job whose processes share what they have is not ended, and its peak is what they take together."""
    record = records[name]
    assert record.status is Status.PASS, record.explanation
    assert record.peak_rss_mb is not None
    assert record.peak_rss_mb <= TIGHT.memory_mb


def test_peak_is_that_of_all_processes(records: dict[str, Record]) -> None:
    """The peak of a job that was ended for its children is over the limit, though none of them was."""
    assert all((records[name].peak_rss_mb or 0) > TIGHT.memory_mb for name in ("in_children", "in_grandchildren"))


@pytest.mark.parametrize("name", INNOCENTS)
def test_others_are_unharmed(records: dict[str, Record], name: str) -> None:
    """What runs on the same server beside them passes, at the first try."""
    assert (records[name].status, records[name].attempts) == (Status.PASS, 1), records[name].explanation


def test_no_process_is_left(lab: Lab, records: dict[str, Record]) -> None:
    """Nothing that they started is alive after the run, and nothing that they put into memory is left."""
    assert processes_with(f"MARK={lab.folder}") == []
    assert list(MEMORY.glob(f"crossload-{MARK}-*")) == []


def test_files_of_others_stay(tmp_path: Path) -> None:
    """What lay in memory before a job began is not its own, though it opens and changes it."""
    path = MEMORY / f"crossload-{MARK}-before"
    path.write_bytes(b"")
    body = f"file = open({str(path)!r}, 'r+b'); file.write(bytes(400 * 2**20)); time.sleep(1.5)"
    try:
        record = Lab(tmp_path).one(saving(body), limits=TIGHT)
        assert record.status is Status.PASS, record.explanation
        assert path.stat().st_size == 400 * 2**20
    finally:
        path.unlink()


def test_what_gets_away_is_ended(tmp_path: Path) -> None:
    """What a job hands to the server, so that it does not count with it, is ended while that job runs on."""
    body = """
        leave_it_to_the_server()
        read, write = os.pipe()
        os.waitpid(in_child(lambda: os.close(read) or hold(200), away=True), 0)
        os.close(write)
        os.read(read, 1)  # until nobody holds the other end
    """
    record = Lab(tmp_path).one(saving(textwrap.dedent(body)), limits=TIGHT)
    assert (record.status, record.attempts) == (Status.PASS, 1), record.explanation
    assert record.seconds < 30


def test_what_a_job_starts_in_a_session_of_its_own_lives_as_long_as_it(tmp_path: Path) -> None:
    """A daemon that a job needs is not ended while the job runs."""
    body = """
        read, write = os.pipe()
        os.waitpid(in_child(lambda: time.sleep(2) or os.write(write, b"done"), away=True), 0)
        os.close(write)
        assert os.read(read, 4) == b"done"
    """
    record = Lab(tmp_path).one(saving(textwrap.dedent(body)), limits=TIGHT)
    assert (record.status, record.attempts) == (Status.PASS, 1), record.explanation


def test_kernel_that_does_not_say_what_is_shared(tmp_path: Path) -> None:
    """Where it cannot be told what processes share, a job is not ended for it, but for what one of them has."""
    blind = environment("tf1", FAKE_IMPORT="import harness.memory as m\nm._MAPS = ('nowhere',)")
    lab = Lab(tmp_path)
    scenarios = [
        lab.scenario("shares", saving(SPARING["shares_with_forks"])),
        lab.scenario("takes", saving("in_child(lambda: hold(400)); time.sleep(60)")),
    ]
    found = {r.scenario: r.status for r in lab.execute(plan(matrix([blind], scenarios, TIGHT), Filters())).records}
    assert found == {"shares": Status.PASS, "takes": Status.ERROR}


@pytest.mark.parametrize("fresh", [False, True])
def test_jobs_go_first_when_the_machine_has_no_memory_left(tmp_path: Path, fresh: bool) -> None:
    """The kernel is told to end a job, in a fork or in a fresh process, before it ends a server or the runner."""
    lab = Lab(tmp_path)
    mark = "" if not fresh else f"crash_once({str(tmp_path / 'crashed')!r})\n"
    note = f"open({str(tmp_path / 'score')!r}, 'w').write(open('/proc/self/oom_score_adj').read())"
    record = lab.one(saving(mark + note))
    assert record.status is Status.PASS, record.explanation
    assert int((tmp_path / "score").read_text()) > int(Path("/proc/self/oom_score_adj").read_text()) or os.getuid()
