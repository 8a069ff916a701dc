"""The workflow in docs/ does what it says: its scripts are run here, in the order of its jobs."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.results import Results, read_results
from tests.unit.places import REPOSITORY, Place

WORKFLOW: dict[str, Any] = yaml.safe_load((REPOSITORY / "docs" / "github-actions.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]
SHARDS: list[int] = JOBS["shard"]["strategy"]["matrix"]["shard"]
PATIENCE = 300.0


class Machine:
    """
    A machine of GitHub's that runs the scripts of a job; what its other steps bring and take is done by the test.

    Args:
        place: What it has checked out.
        folder: Its own.
        known: What stands for expressions.
    """

    def __init__(self, place: Place, folder: Path, known: Mapping[str, str]) -> None:
        self.folder, self._known = folder, known
        shutil.copytree(place.folder, folder)
        programs = {"crossload": f'exec {sys.executable} -m tests.run_with_fakes "$@"', "pip": "exit 0"}
        for name, script in programs.items():
            program = folder / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self._variables = place.variables | {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def run(self, job: str) -> dict[str, int]:
        """Run the scripts of a job as GitHub does; return the exit status of each that has a name."""
        steps = [step for step in JOBS[job]["steps"] if "run" in step]
        return {step.get("name", ""): self._run(step) for step in steps}

    def uploads(self, job: str) -> list[Path]:
        """Return what the job uploads."""
        steps = [step for step in JOBS[job]["steps"] if "upload-artifact" in step.get("uses", "")]
        return [self.folder / self._said(line) for step in steps for line in step["with"]["path"].splitlines()]

    def _run(self, step: Mapping[str, Any]) -> int:
        own = {name: self._said(value) for name, value in step.get("env", {}).items()}
        assert "${{" not in step["run"], "what is in an expression becomes a part of the script"
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(
            command, cwd=self.folder, env=self._variables | own, timeout=PATIENCE, check=False
        ).returncode

    def _said(self, text: str) -> str:
        return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: self._known[found[1]], text)


def run_workflow(place: Place, folder: Path, times: Path | None = None) -> tuple[Machine, dict[str, int]]:
    """Run the workflow; return the machine that merged, and how its scripts ended."""
    merging = Machine(place, folder / "report", {})
    (merging.folder / "packed").mkdir()
    for number in SHARDS:
        known = {"matrix.shard": str(number), "strategy.job-total": str(len(SHARDS))}
        machine = Machine(place, folder / str(number), known)
        if times:
            shutil.copytree(times, machine.folder / "times")
        assert set(machine.run("shard").values()) == {0}
        for path in machine.uploads("shard"):
            shutil.copy(path, merging.folder / "packed")
    return merging, merging.run("report")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return a repository with a matrix."""
    return Place(tmp_path_factory.mktemp("repository"))


def outcomes(results: Results) -> list[tuple[str, str, str | None]]:
    """Return what came out of each cell."""
    return [(cell.id, cell.status, cell.root) for cell in results.cells]


def test_the_scripts_run_the_matrix(place: Place, tmp_path: Path) -> None:
    """The shards find together what one run finds, fail as it does, and leave the times by which they are cut next."""
    machine, ended = run_workflow(place, tmp_path / "first")
    assert ended == {"": 0, "Merge the shards": 1, "Keep the times": 0}
    assert place.call("run", "--output", str(tmp_path / "whole")).returncode == 1
    assert outcomes(read_results(machine.folder / "report")) == outcomes(read_results(tmp_path / "whole"))
    again, ended = run_workflow(place, tmp_path / "second", machine.folder / "times")
    assert ended["Merge the shards"] == 1
    assert outcomes(read_results(again.folder / "report")) == outcomes(read_results(tmp_path / "whole"))


def test_shards_are_cut_by_the_times_that_were_kept(place: Place, tmp_path: Path) -> None:
    """Times that are there are read: those that cannot be fail the shard, and do not cut it otherwise than the rest."""
    known = {"matrix.shard": "1", "strategy.job-total": "4"}
    machine = Machine(place, tmp_path / "1", known)
    (machine.folder / "times").mkdir()
    (machine.folder / "times" / "results.json").write_text("{", encoding="utf-8")
    assert machine.run("shard")["Run the shard"] == 2


def test_artifacts_have_names_that_github_takes(place: Place, tmp_path: Path) -> None:
    """
    What is uploaded is there, and no file of it has a name that is refused, as those of logs would be.

    Source:
        https://github.com/actions/toolkit/blob/main/packages/artifact/src/internal/upload/path-and-artifact-name-validation.ts
    """
    machine, _ = run_workflow(place, tmp_path)
    kept, left_out = machine.uploads("report")
    assert left_out.name == "logs"
    assert (kept / "logs").is_dir()
    files = [path.relative_to(kept) for path in kept.rglob("*") if path.is_file()]
    uploaded = [str(path) for path in files if path.parts[0] != "logs"]
    assert "report.html" in uploaded
    assert not any(character in name for name in uploaded for character in '":<>|*?\r\n')
