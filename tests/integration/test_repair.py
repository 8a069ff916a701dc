"""What the harness's repair makes of real models: saved by one release, repaired and loaded by another."""

import asyncio
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.cache import cache_folder
from runner.environments.nox import NoxBuilder
from runner.matrix import read_matrix

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
SCRIPT = HERE / "repairing" / "models.py"
HARNESS = REPOSITORY / "runner"

Results = Mapping[tuple[str, str], Mapping[str, Any]]


def inside(environment: str, *arguments: str) -> str:
    """Run the script of models in an environment of the shipped matrix, which is made if need be."""
    specs = {spec.name: spec for spec in read_matrix(REPOSITORY / "matrix.yaml").environments}
    made = asyncio.run(NoxBuilder(cache_folder()).prepare(specs[environment]))
    command = [made.command[0], str(SCRIPT), *arguments]
    done = subprocess.run(command, env=dict(made.variables), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return where an environment saved its models; it does so once."""
    folders: dict[str, Path] = {}

    def once(environment: str) -> Path:
        if environment not in folders:
            folders[environment] = tmp_path_factory.mktemp(environment)
            inside(environment, "save", str(folders[environment]))
        return folders[environment]

    return once


@pytest.fixture(
    scope="module", params=[("tf2.15", "tf2.21"), ("tf2.21", "tf2.15"), ("tf2.15", "tf2.12")], ids="->".join
)
def results(
    request: pytest.FixtureRequest, saved: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Results:
    """Repair and load, in one environment, what the other saved."""
    save, load = request.param
    printed = inside(load, "load", str(tmp_path_factory.mktemp(load)), str(saved(save)), str(HARNESS))
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {(line["model"], line["format"]): line for line in lines}


def test_every_repaired_model_loads_and_gives_what_it_gave(results: Results) -> None:
    """In both formats, in both directions, and between two releases of Keras 2 that name the groups otherwise."""
    assert len(results) == 10
    wrong = {key: line for key, line in results.items() if not _equal(line["difference"])}
    assert wrong == {}


def test_weights_find_their_places_in_a_model_that_was_made_anew(results: Results) -> None:
    """Whatever wrote the file, and though the names of layers differ."""
    assert {key: line["into"] for key, line in results.items() if not _equal(line["into"])} == {}


def test_what_was_changed_is_said(results: Results) -> None:
    """At least one artifact of each pair could not be loaded as it was."""
    assert any("taken out" in change or "written" in change for line in results.values() for change in line["changes"])


def _equal(difference: object) -> bool:
    return isinstance(difference, float) and difference < 1e-5
