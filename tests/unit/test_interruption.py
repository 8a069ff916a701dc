"""A run that is interrupted, or killed, leaves no process behind and keeps what it found."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.cache.use import Use
from runner.execution.run import execute
from runner.model import Backend, EnvironmentSpec
from runner.plan import Filters, Plan, plan
from runner.record import Status
from tests.fakes import Heard, Lab, environment, matrix, processes_with

PATIENCE = 20.0
"""Seconds until something that has to happen has not happened."""

HANGING = """
    import os, signal, time
    from pathlib import Path

    def save(path):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                (Path(__file__).parents[2] / "daemon").touch()
                time.sleep(600)
            os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
"""
"""A save script that does not end, and leaves a daemon."""

DRIVER = """
import signal, sys
from pathlib import Path
from tests.fakes import Lab
from tests.unit.test_interruption import interruptible

signal.signal(signal.SIGINT, signal.default_int_handler)  # which tests that run in the background ignore
lab = Lab(Path(sys.argv[1]))
lab.execute(interruptible(lab, sys.argv[2]))
"""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab of its own for each test."""
    return Lab(tmp_path)


def interruptible(lab: Lab, code: str = "") -> Plan:
    """Return the plan of a scenario that ends and one that does not; `code` runs when TensorFlow is imported."""
    marked: EnvironmentSpec = environment("tf1", MARK=str(lab.folder), FAKE_IMPORT=code)
    return plan(matrix([marked], [lab.scenario("ends"), lab.scenario("hangs", HANGING)]), Filters())


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def halfway(lab: Lab) -> bool:
    """Tell whether the one scenario has ended, and the other one hangs."""
    return (lab.folder / "daemon").exists() and "ends.h5@tf1->tf1" in lab.journal


def importing(lab: Lab) -> bool:
    """Tell whether the import goes on."""
    return (lab.folder / "importing").exists()


def slow_import(lab: Lab) -> str:
    """Return code for an import that takes ten minutes."""
    return f"import time; open({str(lab.folder / 'importing')!r}, 'w').close(); time.sleep(600)"


def none_left(lab: Lab) -> bool:
    """Tell whether no process of the lab is alive."""
    return processes_with(f"MARK={lab.folder}") == []


@pytest.fixture
def start(lab: Lab) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Return a function that starts a run in a process of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(code: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", DRIVER, str(lab.folder), code], env=_variables()))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def _variables() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


async def _cancelled(lab: Lab, code: str, when: Callable[[Lab], bool]) -> None:
    """Execute, and cancel when it is time."""
    builders = {Backend.NOX: lab.builder()}
    run = asyncio.create_task(execute(interruptible(lab, code), builders, {}, lab.options(), Heard()))
    while not when(lab):
        assert not run.done()
        await asyncio.sleep(0.02)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run


def test_cancelled(lab: Lab) -> None:
    """When a run is cancelled, all its processes have ended when it has, and what was found is kept."""
    asyncio.run(_cancelled(lab, "", halfway))
    assert none_left(lab)
    assert lab.journal["ends.h5@tf1->tf1"].status is Status.PASS
    assert list((lab.folder / "cache" / "scratch").iterdir()) == []


def test_cancelled_while_importing(lab: Lab) -> None:
    """A server that is still importing ends too."""
    asyncio.run(_cancelled(lab, slow_import(lab), importing))
    assert none_left(lab)


def test_interrupted(lab: Lab, start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    """Ctrl-C ends every process at once and keeps what finished; the next run goes on from there."""
    process = start("")
    until(lambda: halfway(lab))
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) != 0
    assert none_left(lab)
    (lab.folder / "scenarios" / "hangs" / "save.py").write_text("raise ValueError")
    marked = environment("tf1", MARK=str(lab.folder), FAKE_IMPORT="")
    scenarios = [lab.scenario("ends"), lab.scenario("hangs", "raise ValueError")]
    before = lab.journal["ends.h5@tf1->tf1"]
    ends, hangs = lab.execute(plan(matrix([marked], scenarios), Filters())).records
    assert (ends, hangs.status) == (before, Status.FAIL)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=["killed", "crashed"])
def test_killed(lab: Lab, start: Callable[[str], subprocess.Popen[bytes]], number: signal.Signals) -> None:
    """A runner that dies without a word takes every process along, and its journal can be read."""
    process = start("")
    until(lambda: halfway(lab))
    process.send_signal(number)
    until(lambda: none_left(lab))
    assert lab.journal["ends.h5@tf1->tf1"].status is Status.PASS


def test_what_a_killed_run_left(lab: Lab, start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    """The next run removes the scratch of a run that was killed, and its half of a save; one that lives keeps both."""
    scratch, saves = lab.folder / "cache" / "scratch", lab.saves
    dead, alive = start(""), start("")
    until(lambda: halfway(lab) and len(list(scratch.iterdir())) == 2)
    dead.kill()
    dead.wait()
    lab.run(lab.scenario("other"))
    assert len(list(scratch.iterdir())) == 1
    alive.kill()
    alive.wait()
    lab.run(lab.scenario("other"))
    assert list(scratch.iterdir()) == []
    assert len([path for path in saves.iterdir() if path.is_dir()]) == len(list(saves.glob("*.json"))) == 2


FORGETTING = """
import os, sys
from pathlib import Path
from runner.cache import use

run = use.Use(Path(sys.argv[1]))
half = run.scratch.parents[1] / "saves" / "0123-4567"
half.mkdir(parents=True)
use.guard(half).touch()
run.note(half)
use._let_go = lambda *_: os.kill(os.getpid(), 9)
run.close()
"""
"""A run that is killed while it removes what it has left."""


def test_killed_while_forgetting(tmp_path: Path) -> None:
    """What a run had begun to remove when it was killed is removed by the next one."""
    killed = subprocess.run([sys.executable, "-c", FORGETTING, str(tmp_path)], env=_variables(), check=False)
    assert killed.returncode == -9
    assert (tmp_path / "saves" / "0123-4567").exists()
    with Use(tmp_path):
        assert not (tmp_path / "saves" / "0123-4567").exists()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["starting.guard"]


def test_killed_while_importing(lab: Lab, start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    """A runner that dies while TensorFlow is imported takes that process along."""
    process = start(slow_import(lab))
    until(lambda: importing(lab))
    process.kill()
    until(lambda: none_left(lab))


IGNORANT = """
import asyncio, signal
from runner.__main__ import _to_its_end

async def wait():
    print("waiting", flush=True)
    await asyncio.sleep(600)

signal.signal(signal.SIGINT, signal.SIG_IGN)
try:
    _to_its_end(wait())
except KeyboardInterrupt:
    raise SystemExit(130)
"""
"""Work of a background job, which hears no SIGINT."""


def test_a_background_job_can_be_terminated() -> None:
    """SIGTERM ends a run that was started with SIGINT ignored, as shells do for background jobs."""
    process = subprocess.Popen([sys.executable, "-c", IGNORANT], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 130
    process.stdout.close()
