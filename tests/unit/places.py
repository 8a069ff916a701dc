"""A folder in which the program runs as a user runs it, with a stand-in for TensorFlow."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from runner.results import Results, read_results
from tests.fakes import SAVE, scenario
from tests.unit.disks import Disk

REPOSITORY = Path(__file__).parents[2]
MATRIX = dedent(
    """
    version: 1
    environments:
      tf2.8: {tensorflow: "2.8.4"}
      tf2.10: {tensorflow: "2.10.1"}
    scenarios:
      good: {formats: [h5]}
      bad: {formats: [h5]}
      late: {formats: [h5], folder: scenarios/good, requires: {save: "tensorflow>=2.10"}}
    """
)
PROGRAM = (sys.executable, "-m", "tests.run_with_fakes")
PATIENCE = 300.0


@dataclass(frozen=True)
class Place:
    """A folder with a matrix, in which runs with the stand-in for TensorFlow are made as a user makes them."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "matrix.yaml").write_text(MATRIX, encoding="utf-8")
        scenario(self.folder / "scenarios", "good", SAVE)
        scenario(self.folder / "scenarios", "bad", "def save(path): raise ValueError('no')")

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment variables of the program, which is not on GitHub, whatever this test is on."""
        own = {"PYTHONPATH": str(REPOSITORY), "CROSSLOAD_CACHE": str(self.folder / "cache"), "COLUMNS": "200"}
        return {**os.environ, "GITHUB_ACTIONS": "", "GITHUB_STEP_SUMMARY": "", **own}

    def call(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Call the program with these words."""
        return self._run([*PROGRAM, *words], variables)

    def call_on(self, disk: Disk, *words: str) -> "subprocess.CompletedProcess[str]":
        """Call the program where a disk is."""
        return self._run(disk.within([*PROGRAM, *words], self.folder), {})

    def _run(self, command: Sequence[str], variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def results(self, name: str) -> Results:
        """Return what a folder holds."""
        return read_results(self.folder / name)
