"""Real runs that are killed by -9, while environments are made too, lose nothing and trust nothing that is half."""

import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.integration.conftest import REPOSITORY
from tests.killing import Killed

KILLS = 10
SECONDS = 15.0
"""Within which each is killed: environments are made in that time, or imported, or models are saved and loaded."""

SEED = 20261128
VERSIONS = {"2.8.4": "tf2.8", "2.15.1": "tf2.15"}


@dataclass(frozen=True)
class Started:
    """A run in a process of its own."""

    process: "subprocess.Popen[bytes]"

    def ended_within(self, seconds: float) -> bool:
        """Wait for its end; see `Run`."""
        try:
            assert self.process.wait(seconds) == 1, "it should end as a matrix does in which something fails"
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill it; see `Run`."""
        self.process.kill()
        self.process.wait()


def _killed(folder: Path, cache: Path, *words: str) -> Killed:
    variables = os.environ | {"PYTHONPATH": str(REPOSITORY), "CROSSLOAD_CACHE": str(cache)}

    def start() -> Started:
        command = [sys.executable, "-m", "runner", "run", "--output", "out", *words]
        with (folder / "said").open("ab") as said:
            return Started(subprocess.Popen(command, cwd=folder, env=variables, stdout=said, stderr=said))

    folder.mkdir()
    killed = Killed(folder=folder, versions=VERSIONS, start=start)
    killed.write()
    return killed


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """However often runs are killed, the one that ends finds what an undisturbed one does, and runs nothing twice."""
    cache, chance = tmp_path / "cache", random.Random(SEED)
    chains: list[Killed] = []
    while sum(killed.kills for killed in chains) < KILLS:
        shutil.rmtree(cache / "saves", ignore_errors=True)
        chains.append(_killed(tmp_path / str(len(chains)), cache))
        chains[-1].to_its_end(chance, SECONDS, most=KILLS)
    undisturbed = _killed(tmp_path / "undisturbed", cache, "--fresh")
    undisturbed.to_its_end(random.Random(), 0, most=0)
    for killed in chains:
        assert killed.found() == undisturbed.found()
        assert sorted(killed.journal()) == sorted(undisturbed.journal())
        assert "Traceback" not in (killed.folder / "said").read_text()
    assert not list((cache / "scratch").iterdir())
