"""
How long the matrix takes: against a plain loop, and against the limit.

(a) the plain loop starts a Python for every save and every load, as one would write it without crossload;
(b) is crossload, with nothing taken over from an earlier run;
(c) is the limit: what (b) spent importing TensorFlow once for each environment and inside its calls, over the cores.

All on the same environments and scenarios, which are ready beforehand, in one go: quote the ratios, not the seconds.
Where a Docker engine answers, `containers` measures what the other backend costs.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from containers import Costs, costs
from rich.console import Console
from tabulate import tabulate

from runner.cache import cache_folder
from runner.environments import Environment, EnvironmentFailure, engine
from runner.environments.backends import builders
from runner.environments.nox import NoxBuilder
from runner.execution.run import Executed, Options, execute
from runner.matrix import read_matrix
from runner.model import Backend, EnvironmentSpec, Format
from runner.options import cores
from runner.plan import Filters, Plan, plan
from runner.progress import display

HERE = Path(__file__).parent
SCENARIOS = ("dense", "lstm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Wall-clock seconds of the three, and the largest resident process in MiB (None where it was not measured)."""

    cells: int
    saves: int
    ours: float
    limit: float
    ours_mb: int
    plain: float | None = None
    plain_mb: int | None = None


def main() -> None:
    """Measure, print and write the figures."""
    arguments = _arguments()
    matrix = read_matrix(arguments.matrix)
    chosen = plan(matrix, Filters(scenarios=tuple(arguments.scenario), formats=(Format.H5,)))
    everything = plan(matrix, Filters())
    environments = asyncio.run(_ready(everything))
    small = measure(chosen)
    plain, plain_mb = plain_loop(chosen, environments)
    small = replace(small, plain=plain, plain_mb=plain_mb)
    rows = [("h5 of " + ", ".join(arguments.scenario), small)]
    if arguments.everything:
        rows.append(("the whole shipped matrix", measure(everything)))
    _write(rows, _compare_backends(arguments))


def _compare_backends(arguments: argparse.Namespace) -> dict[Backend, Costs]:
    """Measure a few cells in containers and outside, if there is an engine."""
    try:
        engine.connect().close()
    except EnvironmentFailure as failure:
        print(f"Left out what containers cost. {failure.explanation}", file=sys.stderr)
        return {}
    filters = Filters(
        scenarios=tuple(arguments.scenario), formats=(Format.H5,), environments=("tf2.8", "tf2.15", "tf2.21")
    )
    plans = {backend: plan(read_matrix(arguments.matrix, backend), filters) for backend in Backend}
    for each in plans.values():
        asyncio.run(_execute(each))
    return costs(plans, lambda wanted: measure(wanted).ours)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s benchmark --", description=__doc__)
    parser.add_argument("--matrix", type=Path, default=Path("matrix.yaml"))
    parser.add_argument("--scenario", action="append", default=[], help="for the plain loop, which is slow")
    parser.add_argument("--everything", action="store_true", help="run the whole matrix too, without the plain loop")
    arguments = parser.parse_args()
    arguments.scenario = arguments.scenario or list(SCENARIOS)
    return arguments


async def _ready(wanted: Plan) -> dict[str, Environment]:
    """Build what is missing and import TensorFlow once in each, so that byte code exists for all three."""
    builder = NoxBuilder(cache_folder())
    environments = {spec.name: await builder.prepare(spec) for spec in wanted.environments}
    first = plan(replace(wanted.matrix, scenarios=wanted.matrix.scenarios[:1]), Filters())
    await _execute(first)
    return environments


def measure(wanted: Plan) -> Figures:
    """Run crossload afresh and work out its limit."""
    started = time.monotonic()
    executed = asyncio.run(_execute(wanted))
    seconds = time.monotonic() - started
    peak = max(record.peak_rss_mb or 0 for record in executed.records)
    limit = executed.inside / cores()
    return Figures(cells=len(wanted.cells), saves=len(wanted.saves), ours=seconds, limit=limit, ours_mb=peak)


async def _execute(wanted: Plan) -> Executed:
    with tempfile.TemporaryDirectory() as output, display(Console(stderr=True), len(wanted.cells)) as shown:
        options = Options(cache=cache_folder(), output=Path(output), jobs=cores(), fresh=True)
        with builders(wanted.matrix, options.jobs) as backends:
            return await execute(wanted, backends, {}, options, shown)


def plain_loop(wanted: Plan, environments: dict[str, Environment]) -> tuple[float, int]:
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


def _write(rows: Sequence[tuple[str, Figures]], backends: dict[Backend, Costs]) -> None:
    """Print the table, and keep it as benchmarks/results.md."""
    header = ["what", "saves", "cells", "(a) plain", "(b) ours", "(c) limit", "(a)/(b)", "(b)/(c)", "peak MiB"]
    table = tabulate([_row(name, figures) for name, figures in rows], header, tablefmt="github", disable_numparse=True)
    made = datetime.now(UTC).strftime("%Y-%m-%d")
    machine = f"{cores()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    text = f"# Benchmark\n\n`nox -s benchmark`, {made}, {machine}. Seconds of wall-clock time.\n\n{table}\n"
    text += f"\n{_backends(backends)}\n" if backends else ""
    (HERE / "results.md").write_text(text, encoding="utf-8")
    print(text)


def _backends(found: dict[Backend, Costs]) -> str:
    header = ["backend", "ready, cold", "ready, warm", "ready, at hand", "a cell", "of nox's"]
    nox = found[Backend.NOX]
    rows = [
        [
            *(str(backend), f"{each.cold:.1f}", f"{each.warm:.1f}", f"{each.at_hand:.1f}", f"{each.cell:.3f}"),
            f"{each.cell / nox.cell:.2f}",
        ]
        for backend, each in found.items()
    ]
    return tabulate(rows, header, tablefmt="github", disable_numparse=True)


def _row(name: str, figures: Figures) -> list[object]:
    plain = f"{figures.plain:.0f}" if figures.plain else ""
    faster = f"{figures.plain / figures.ours:.1f}" if figures.plain else ""
    above = f"{figures.ours / figures.limit:.2f}"
    peaks = f"{figures.ours_mb}" + (f" (plain {figures.plain_mb})" if figures.plain_mb else "")
    seconds = [plain, f"{figures.ours:.1f}", f"{figures.limit:.1f}"]
    return [name, figures.saves, figures.cells, *seconds, faster, above, peaks]


if __name__ == "__main__":
    main()
