"""What is imported when: nobody waits for a library that is not needed yet."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.places import PATIENCE, Place

HEAVY = ("asyncio", "docker", "jinja2", "matplotlib", "numpy", "pandas", "rich", "tabulate")
"""What takes longer to import than a plan takes to make."""

LOADED = f"""
import atexit, json, sys
from runner.__main__ import main

atexit.register(lambda: print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr))
sys.exit(main())
"""
"""A program that says at its end what of that it has imported."""

WHEN = """
import json, sys
from runner.environments import backends
from runner.execution import run
from tests.run_with_fakes import builders
from runner.__main__ import main

async def execute(plan, builders, known, options, listener):
    executed = await executing(plan, builders, known, options, listener)
    print(json.dumps(["pandas" in sys.modules, "matplotlib" in sys.modules]), file=sys.stderr)
    return executed

executing, run.execute, backends.builders = run.execute, execute, builders
main()
print(json.dumps(["pandas" in sys.modules]), file=sys.stderr)
"""
"""A run with the stand-in for TensorFlow that says what it has imported when all cells are judged, and at its end."""


def said(folder: Path, program: str, *words: str) -> list[list[object]]:
    """Run a program in a place of its own; return the lists that it says in the end."""
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=folder,
        env=Place(folder).variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["plan"], ["schema"], ["cache"]], ids=" ".join)
def test_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    """What only speaks of the matrix imports nothing that only a run or a report needs."""
    assert said(tmp_path, LOADED, *words) == [[]]


def test_cells_do_not_wait_for_the_reports(tmp_path: Path) -> None:
    """A run imports pandas once its cells are judged, to write the reports."""
    assert said(tmp_path, WHEN, "run", "--quiet") == [[False, False], [True]]
