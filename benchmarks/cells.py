"""
What a cell costs the runner itself, by how many there are: real servers and forks, with a stand-in for TensorFlow.

Four environments make ten pairs, so each scenario is ten cells of four saves. All is in memory where the system has a
folder there: stand-ins come and go so fast that ext4, which takes no inode that was freed in the last five seconds and
looks at each of them, would cost more than the runner.

Source:
    https://github.com/torvalds/linux/blob/master/fs/ext4/ialloc.c (recently_deleted)
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figures
from tests.fakes import SAVE, scenario

NUMBERS = (10, 100, 1_000, 10_000)
_PAIRS = 10
_WINDOW = 500
_ENVIRONMENTS = """
version: 1
environments:
  tf2.8: {tensorflow: "2.8.4"}
  tf2.10: {tensorflow: "2.10.1"}
  tf2.12: {tensorflow: "2.12.1"}
  tf2.15: {tensorflow: "2.15.1"}
pairs: {direction: upgrade}
scenarios:
"""
_HERE = Path(__file__).parents[1]
_MEMORY = Path("/dev/shm")  # noqa: S108  (a folder of a random name is made in it)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """
    What so many cells cost.

    Attributes:
        cpu_ms: Milliseconds of CPU of the runner for each cell, from the first that is judged to the last.
        least_ms: The same over those cells that follow each other for which it is least: others use the machine, too.
        start: Seconds of CPU of the runner until the first is judged.
        reports: Seconds of CPU of the runner for the reports, and for the answer.
        seconds: Wall-clock seconds of the run.
        again: Those of the same run again, with nothing changed.
        peak_mb: Largest resident memory of the runner, in MiB.
    """

    cells: int
    cpu_ms: float
    least_ms: float
    start: float
    reports: float
    seconds: float
    again: float
    peak_mb: int


def cost(cells: int) -> Cost:
    """Run so many cells, and run them again."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        _write(Path(folder), cells // _PAIRS)
        used, seconds = _run(Path(folder))
        _, again = _run(Path(folder))
    judged = used.judged
    return Cost(
        cells=cells,
        cpu_ms=_least(judged, cells - 1),
        least_ms=_least(judged, min(_WINDOW, cells - 1)),
        start=judged[0],
        reports=used.ended - judged[-1],
        seconds=seconds,
        again=again,
        peak_mb=used.peak_mb,
    )


def _least(judged: Sequence[float], window: int) -> float:
    """Return the least that so many cells took which follow each other, in milliseconds for each."""
    return min(1000 * (last - first) / window for first, last in zip(judged, judged[window:], strict=False))


def _write(folder: Path, scenarios: int) -> None:
    """Write a matrix of scenarios that are not the same: two that are would share their saves."""
    names = [f"s{number}" for number in range(scenarios)]
    for name in names:
        scenario(folder / "scenarios", name, f"{SAVE}\n    {name} = None\n")
    lines = "".join(f"  {name}: {{formats: [h5]}}\n" for name in names)
    (folder / "matrix.yaml").write_text(_ENVIRONMENTS + lines, encoding="utf-8")


def _run(folder: Path) -> tuple[Figures, float]:
    figures = folder / "figures.json"
    variables = {**os.environ, "PYTHONPATH": str(_HERE), "CROSSLOAD_CACHE": str(folder / "cache")}
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "benchmarks.with_fakes", str(figures), "run"],
        cwd=folder,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    seconds = time.monotonic() - started
    return Figures(**json.loads(figures.read_text(encoding="utf-8"))), seconds
