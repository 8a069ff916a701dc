"""What happens to containers when a run is interrupted or killed, and when the engine goes away under it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import docker
import pytest

from runner.record import Status
from runner.results import read_results
from tests.integration import engine
from tests.integration.conftest import REPOSITORY

pytestmark = pytest.mark.docker

MATRIX = """
version: 1
environments:
  tf2.15: {tensorflow: "2.15"}
  tf2.15-again: {tensorflow: "2.15"}
scenarios:
  slow: {formats: [h5, keras, savedmodel]}
backend: docker
"""
SAVE = """
import time
import numpy as np
import tensorflow as tf

def save(path):
    time.sleep(4)
    model = tf.keras.Sequential([tf.keras.layers.Dense(2)])
    inputs = np.ones((1, 3), "float32")
    model(inputs)
    model.save(path)
    return model, inputs
"""
SECONDS = 180


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    """Return a matrix of cells that take their time."""
    folder = tmp_path / "scenarios" / "slow"
    folder.mkdir(parents=True)
    (folder / "save.py").write_text(f"{SAVE}# {tmp_path}\n", encoding="utf-8")  # which no earlier run has saved
    path = tmp_path / "matrix.yaml"
    path.write_text(MATRIX, encoding="utf-8")
    return path


def _hear_interruptions() -> None:
    """Hear Ctrl-C again: what runs in the background is started with it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def started(matrix: Path, address: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a run in a process of its own."""
    command = [sys.executable, "-m", "runner", "run", "--matrix", str(matrix), "--jobs", "2"]
    process = subprocess.Popen(
        [*command, "--output", str(matrix.parent / "output"), *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"DOCKER_HOST": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_hear_interruptions,  # noqa: PLW1509  (no threads here)
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def containers(address: str, matrix: Path, *, everything: bool = True) -> Sequence[str]:
    """Return the names of the containers of a matrix that the engine has: others may be of somebody else's run."""
    with closing(docker.DockerClient(base_url=address)) as client:
        found = client.containers.list(all=everything, filters={"label": "crossload.run"}, ignore_removed=True)
        return [str(each.name) for each in found if str(matrix.parent) in str(each.attrs["Mounts"])]


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"not within {SECONDS} seconds: {what}"
        time.sleep(0.1)


def finished(output: Path) -> int:
    """Return how many cells the journal has."""
    path = output / "results.jsonl"
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0


def test_interrupted_run_leaves_no_container(matrix: Path, docker_host: str) -> None:
    """Ctrl-C ends the containers of a run with it, and exits with 130."""
    with started(matrix, docker_host) as process:
        until(lambda: containers(docker_host, matrix, everything=False), "a container runs")
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130
    assert containers(docker_host, matrix) == []


def test_killed_run_is_tidied_up_after(matrix: Path, docker_host: str) -> None:
    """What a run that was killed by -9 has left ends by itself, and is removed when the next one starts."""
    with started(matrix, docker_host) as process:
        until(lambda: containers(docker_host, matrix, everything=False), "a container runs")
        process.kill()
    until(lambda: not containers(docker_host, matrix, everything=False), "its servers have ended")
    with started(matrix, docker_host) as process:
        assert process.wait(SECONDS) == 0, process.stdout and process.stdout.read()
    assert containers(docker_host, matrix) == []


def test_run_beside_another_is_left_alone(matrix: Path, docker_host: str) -> None:
    """A run that starts removes nothing of one that lives."""
    with started(matrix, docker_host) as process:
        until(lambda: containers(docker_host, matrix, everything=False), "a container runs")
        mine = containers(docker_host, matrix, everything=False)
        with started(matrix, docker_host, "--output", str(matrix.parent / "other")) as other:
            assert other.wait(SECONDS) == 0
        assert process.wait(SECONDS) == 0
        cells = read_results(matrix.parent / "output").cells
    assert mine
    assert {cell.status for cell in cells} == {Status.PASS}


def test_engine_that_is_started_anew(matrix: Path) -> None:
    """When the engine goes away in the middle and comes back, the run goes on, and `--resume` finishes what it lost."""
    output = matrix.parent / "output"
    with engine.own() as own:
        with started(matrix, own.address) as process:
            until(lambda: finished(output) >= 2, "two cells are done")
            own.stop()
            own.start()
            assert process.wait(SECONDS) in (0, 4), process.stdout and process.stdout.read()
        assert {cell.status for cell in read_results(output).cells} <= {Status.PASS, Status.ERROR}
        with started(matrix, own.address, "--resume") as process:
            assert process.wait(SECONDS) == 0, process.stdout and process.stdout.read()
        assert {cell.status for cell in read_results(output).cells} == {Status.PASS}
        assert containers(own.address, matrix) == []
        assert json.loads((output / "results.json").read_text(encoding="utf-8"))["answer"]["counts"]["pass"] == 12
