"""
How long a matrix takes: against a plain loop, and against the limit.

(a) the plain loop starts a Python for every save and every load, as one would write it without crossload;
(b) is crossload, with nothing taken over from an earlier run, and no ways out tried, as the loop tries none;
(c) is the limit: what (b) spent importing TensorFlow once for each environment and inside its calls, over the cores.

All on the same environments and scenarios, which are ready beforehand.
"""

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from runner.cache import cache_folder
from runner.environments import Environment
from runner.environments.backends import builders
from runner.environments.nox import NoxBuilder
from runner.execution.run import Executed, execute
from runner.execution.settings import Options
from runner.matrix import read_matrix
from runner.model import EnvironmentSpec, Format
from runner.options import cores
from runner.plan import Filters, Plan, plan
from runner.progress import display
from runner.remedies import Mode

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Wall-clock seconds of the three, and the largest resident process in MiB (None where it was not measured)."""

    what: str
    cells: int
    saves: int
    ours: float
    limit: float
    ours_mb: int
    plain: float | None = None
    plain_mb: int | None = None


def measure(matrix: Path, scenarios: Sequence[str], *, whole: bool) -> tuple[Against, ...]:
    """
    Measure the h5 of some scenarios.

    Args:
        whole: Whether to run the whole matrix too, without the plain loop.
    """
    asked = read_matrix(matrix)
    everything = plan(asked, Filters())
    environments = asyncio.run(_ready(everything))
    wanted = plan(asked, Filters(scenarios=tuple(scenarios), formats=(Format.H5,)))
    ours = run("h5 of " + ", ".join(scenarios), wanted)
    plain, plain_mb = _plain_loop(wanted, environments)
    rest = (run("the whole matrix", everything),) if whole else ()
    return (replace(ours, plain=plain, plain_mb=plain_mb), *rest)


async def _ready(wanted: Plan) -> dict[str, Environment]:
    """Build what is missing and import TensorFlow once in each, so that byte code exists for all three."""
    builder = NoxBuilder(cache_folder())
    environments = {spec.name: await builder.prepare(spec) for spec in wanted.environments}
    first = plan(replace(wanted.matrix, scenarios=wanted.matrix.scenarios[:1]), Filters())
    await _execute(first)
    return environments


def run(what: str, wanted: Plan) -> Against:
    """Run crossload afresh and work out its limit."""
    started = time.monotonic()
    executed = asyncio.run(_execute(wanted))
    seconds = time.monotonic() - started
    return Against(
        what=what,
        cells=len(wanted.cells),
        saves=len(wanted.saves),
        ours=seconds,
        limit=executed.inside / cores(),
        ours_mb=max(record.peak_rss_mb or 0 for record in executed.records),
    )


async def _execute(wanted: Plan) -> Executed:
    with tempfile.TemporaryDirectory() as output, display(Console(stderr=True), len(wanted.cells)) as shown:
        how = Options(cache=cache_folder(), output=Path(output), jobs=cores(), fresh=True, remedies=Mode.NONE)
        with builders(wanted.matrix, how.jobs) as backends:
            return await execute(wanted, backends, {}, how, shown)


def _plain_loop(wanted: Plan, environments: Mapping[str, Environment]) -> tuple[float, int]:
    """Run the same saves and loads as a plain loop of nox; return its seconds and its largest process in MiB."""
    folder = Path(tempfile.mkdtemp())
    jobs = [*_saves(wanted, folder), *_loads(wanted, folder)]
    described = {name: _described(environment) for name, environment in environments.items()}
    (folder / "plan.json").write_text(json.dumps({"environments": described, "jobs": jobs}), encoding="utf-8")
    command = [sys.executable, "-m", "nox", "--noxfile", str(HERE / "plain" / "noxfile.py"), "--envdir", str(folder)]
    started = time.monotonic()
    subprocess.run(command, env=os.environ | {"PLAN": str(folder / "plan.json")}, check=True, capture_output=True)
    seconds = time.monotonic() - started
    shutil.rmtree(folder)
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def _described(environment: Environment) -> dict[str, object]:
    variables = {name: value for name, value in environment.variables.items() if name not in os.environ}
    return {"python": environment.command[0], "variables": variables | {"PYTHONDONTWRITEBYTECODE": ""}}


def _saves(wanted: Plan, folder: Path) -> list[dict[str, str]]:
    return [_job("save", save.environment, save.environment, save.scenario.folder, folder) for save in wanted.saves]


def _loads(wanted: Plan, folder: Path) -> list[dict[str, str]]:
    cells = [cell for cells in wanted.saves.values() for cell in cells]
    return [_job("load", cell.load, cell.save, cell.scenario.folder, folder) for cell in cells]


def _job(kind: str, where: EnvironmentSpec, saved: EnvironmentSpec, scenario: Path, folder: Path) -> dict[str, str]:
    own = folder / f"{scenario.name}@{saved.name}"
    path = str(own / Format.H5.path)
    return {"kind": kind, "environment": where.name, "scenario": str(scenario), "folder": str(own), "path": path}
