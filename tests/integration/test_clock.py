"""A clock that jumps changes nothing but what it shows."""

import json
from pathlib import Path

import pytest

from runner.record import Status
from tests.fakes import SAVE, scenario
from tests.integration import debian
from tests.unit.places import Place

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
JUMP = """
    with open({clock!r}, "w") as file:
        file.write({to!r})
"""
LOAD = """
    import tensorflow as tf

    def load(path):
        return tf.keras.models.load_model(path)
"""
ENVIRONMENTS = {"tf2.8": "2.8.4", "tf2.10": "2.10.1"}
MINUTE = 60.0


@pytest.fixture(scope="session")
def libfaketime() -> Path:
    """Return what moves the clock of a process and, unlike the real thing, leaves that of the machine alone."""
    if not LIBRARY.exists():
        debian.install("libfaketime")
    assert LIBRARY.exists(), "There is no libfaketime: install Debian's."
    return LIBRARY


def test_the_clock_jumps(tmp_path: Path, libfaketime: Path) -> None:
    """When each save moves the clock a year ahead, and each load two years back, outcomes and durations are as ever."""
    place, clock = Place(tmp_path), tmp_path / "clock"
    clock.write_text("+0")
    variables = {
        "LD_PRELOAD": str(libfaketime),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    ahead, back = (JUMP.format(clock=str(clock), to=to) for to in ("+400d", "-400d"))
    scenario(tmp_path / "scenarios", "good", ahead + SAVE, back + LOAD)
    environments = {name: {"tensorflow": version, "variables": variables} for name, version in ENVIRONMENTS.items()}
    matrix = {"version": 1, "environments": environments, "scenarios": {"good": {"formats": ["h5"]}}}
    (tmp_path / "matrix.yaml").write_text(json.dumps(matrix))
    done = place.call("run", "--output", "out", **variables)
    results = place.results("out")
    assert (done.returncode, [cell.status for cell in results.cells]) == (0, [Status.PASS] * 4)
    assert clock.read_text() == "-400d"
    seconds = [results.run.seconds, *(cell.seconds for cell in results.cells)]
    assert all(0 <= each < MINUTE for each in seconds)
    again = place.call("run", "--output", "out", **variables)
    assert (again.returncode, place.results("out").cells) == (0, results.cells)
