"""
How long it takes from nothing, and from what is there: until the first cell is judged, and until the reports are.

The program is run as a user runs it, with a cache of its own; uv's cache of packages is the user's.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """
    Wall-clock seconds of one run.

    Attributes:
        there: What there was before it.
        first: Seconds until the first cell was judged; None if all were taken over.
        everything: Seconds until it ended, reports included.
    """

    there: str
    first: float | None
    everything: float


def measure(matrix: Path, scenario: str) -> tuple[Begun, ...]:
    """Run the h5 of one scenario in all environments: they are not installed, they are, and nothing has changed."""
    with tempfile.TemporaryDirectory() as other, tempfile.TemporaryDirectory() as cache:
        _run(matrix, scenario, Path(other))  # in the user's cache, so that the packages are in uv's whatever there was
        output = Path(cache) / "output"
        cold = _run(matrix, scenario, output, CROSSLOAD_CACHE=cache)
        warm = _run(matrix, scenario, output, "--fresh", CROSSLOAD_CACHE=cache)
        again = _run(matrix, scenario, output, CROSSLOAD_CACHE=cache)
    return (
        Begun(there="packages in uv's cache", first=cold[0], everything=cold[1]),
        Begun(there="environments installed", first=warm[0], everything=warm[1]),
        Begun(there="the same run before, nothing changed", first=None, everything=again[1]),
    )


def _run(matrix: Path, scenario: str, output: Path, *options: str, **variables: str) -> tuple[float, float]:
    """Return the seconds until the first cell is judged, and until the end."""
    selected = ("--matrix", str(matrix), "--scenario", scenario, "--format", "h5", "--fail-on", "never")
    command = [sys.executable, "-m", "runner", "run", *selected, "--quiet", "--output", str(output), *options]
    if "--fresh" in options:
        (output / "results.jsonl").unlink()  # as the run does, a moment later
    started, first = time.monotonic(), 0.0
    with subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if not first and _has_line(output / "results.jsonl"):
                first = time.monotonic() - started
            time.sleep(0.01)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return first, time.monotonic() - started


def _has_line(journal: Path) -> bool:
    return journal.exists() and journal.stat().st_size > 0
