"""Killed by -9 at any moment, a run loses nothing that it had found, and the next one trusts nothing that is half."""

import itertools
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from tests.fakes import processes_with
from tests.killing import Killed
from tests.unit.places import REPOSITORY

KILLS = 200
SEED = 20261128
SHARE = 0.5
"""Of the time that a whole run takes, within which each is killed: those that go on have less to do."""

VERSIONS = {"2.8.4": "tf2.8", "2.15.1": "tf2.15"}

NURSERY = """
import os, sys
import numpy, pandas, runner.report, runner.execution.run, runner.progress, rich.console
from runner.environments import backends
from tests import run_with_fakes
from runner.__main__ import main

backends.builders = run_with_fakes.builders
for folder in sys.stdin:
    child = os.fork()
    if child == 0:
        os.chdir(folder.strip())
        os.environ["CROSSLOAD_CACHE"] = os.path.join(folder.strip(), "cache")
        for number in (1, 2):
            os.dup2(os.open("said", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666), number)
        os._exit(main(["run", "--output", "out"]))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Starts runs in folders without the second that it takes to import everything."""


class Nursery:
    """A process that has imported everything, and starts runs."""

    def __init__(self) -> None:
        variables = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1", "MARK": "killed"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, folder: Path) -> "Started":
        """Start a run in a folder."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        return Started(pid=int(self._process.stdout.readline()), said=self._process.stdout)

    def close(self) -> None:
        """Start no more."""
        self._process.communicate()


@dataclass(frozen=True)
class Started:
    """A run of the nursery."""

    pid: int
    said: IO[str]

    def ended_within(self, seconds: float) -> bool:
        """Wait for its end; see `Run`."""
        ready, _, _ = select.select([self.said], [], [], seconds)
        if ready:
            assert int(self.said.readline()) == 1, "it should end as a matrix does in which something fails"
        return bool(ready)

    def kill(self) -> None:
        """Kill it; see `Run`."""
        os.kill(self.pid, 9)
        self.said.readline()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    """Return a nursery."""
    nursery = Nursery()
    yield nursery
    nursery.close()


def _killed(nursery: Nursery, folder: Path) -> Killed:
    killed = Killed(folder=folder, versions=VERSIONS, start=lambda: nursery.start(folder))
    folder.mkdir()
    killed.write()
    return killed


def _undisturbed(nursery: Nursery, folder: Path) -> tuple[float, Any]:
    """Return how long a run takes that is left alone, and what it finds."""
    killed = _killed(nursery, folder)
    started = time.monotonic()
    killed.to_its_end(random.Random(), 0, most=0)
    return time.monotonic() - started, killed.found()


def test_killed_at_any_moment(nursery: Nursery, tmp_path: Path) -> None:
    """However often and whenever runs are killed, the one that ends finds the same, and runs no finished cell again."""
    seconds, found = _undisturbed(nursery, tmp_path / "undisturbed")
    chance, kills = random.Random(SEED), 0
    for number in itertools.count():
        if kills >= KILLS:
            break
        killed = _killed(nursery, tmp_path / str(number))
        killed.to_its_end(chance, SHARE * seconds, most=chance.randint(1, 12))
        kills += killed.kills
        assert killed.found() == found
        assert sorted(killed.journal()) == sorted({cell["id"] for cell in found["cells"]}), "each once"
        cache = killed.folder / "cache"
        assert not list((cache / "scratch").iterdir())
        assert sum(path.is_dir() for path in (cache / "saves").iterdir()) == len(list((cache / "saves").glob("*.json")))
    assert not [line for line in processes_with("MARK=killed") if "serve" in line]
