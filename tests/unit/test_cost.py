"""What a cell costs the runner does not grow with the number of cells."""

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fakes import SAVE, Lab

FEW, MORE, MANY = 8, 16, 32
SLACK = 1.25
"""What one run differs from another, as who waits for whom is never twice the same."""


def counted(folder: Path, scenarios: int) -> dict[str, int]:
    """Run so many scenarios, of two saves and four loads each; return the calls of functions, and the files opened."""
    lab = Lab(folder)
    several = [lab.scenario(f"s{number}", f"{SAVE}\n    number = {number}") for number in range(scenarios)]
    counts = {"calls": 0, "opened": 0}
    opening = (os.open, open)

    def count(frame: FrameType, event: str, argument: Any) -> None:
        counts["calls"] += event == "call"
        counts["opened"] += event == "c_call" and argument in opening

    sys.setprofile(count)
    try:
        lab.run(several, ["tf1", "tf2"])
    finally:
        sys.setprofile(None)
    return counts


def test_a_cell_costs_the_same_among_many(tmp_path: Path) -> None:
    """The calls and the open files that one more scenario takes are no more where there are many."""
    few, more, many = (counted(tmp_path / str(number), number) for number in (FEW, MORE, MANY))
    for name in few:
        first, second = (more[name] - few[name]) / (MORE - FEW), (many[name] - more[name]) / (MANY - MORE)
        assert 0 < second < SLACK * first, name
