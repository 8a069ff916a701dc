"""Runs of the real thing: real environments, real TensorFlow. Each run is made once and asked by many tests."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.record import Record
from runner.results import Results, read_results
from tests.integration import engine

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A finished `python -m runner run`."""

    status: int
    stdout: str
    stderr: str
    output: Path

    @property
    def results(self) -> Results:
        """Return what it stored."""
        return read_results(self.output)

    @property
    def cells(self) -> Mapping[str, Record]:
        """Return its records by id."""
        return {cell.id: cell for cell in self.results.cells}


def run(output: Path, *arguments: str, variables: Mapping[str, str] | None = None, prefix: Sequence[str] = ()) -> Ran:
    """Run the matrix in a process of its own, as a user does; `prefix` is a program that starts it."""
    command = [*prefix, sys.executable, "-m", "runner", "run", "--output", str(output), *arguments]
    done = _run(command, variables or {})
    return Ran(status=done.returncode, stdout=done.stdout, stderr=done.stderr, output=output)


def _run(command: Sequence[str], variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"COLUMNS": "120"} | dict(variables)
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=1800, check=False
    )


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """Return the address of a Docker engine that has the images of the shipped environments."""
    with engine.running() as address:
        yield address


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run one plain model through every kind of environment."""
    matrix = HERE / "every_release.yaml"
    return run(tmp_path_factory.mktemp("releases"), "--matrix", str(matrix), "--fresh")


@pytest.fixture(scope="session")
def contained(tmp_path_factory: pytest.TempPathFactory, docker_host: str) -> Ran:
    """Run the shipped scenarios through three of the shipped environments, in containers."""
    chosen = [word for name in ("tf2.8", "tf2.15", "tf2.21") for word in ("--env", name)]
    variables = {"DOCKER_HOST": docker_host}
    return run(tmp_path_factory.mktemp("contained"), *chosen, "--fresh", "--backend", "docker", variables=variables)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the shipped scenarios through four of the shipped environments."""
    environments = ("tf2.8", "tf2.10", "tf2.15", "tf2.16-legacy", "tf2.21")
    chosen = [word for name in environments for word in ("--env", name)]
    return run(tmp_path_factory.mktemp("shipped"), *chosen, "--fresh")
