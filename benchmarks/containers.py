"""
What containers cost, against processes of this machine: the same environment made ready, and the same cells.

An environment is ready once its server has imported TensorFlow: cold, with nothing there; warm, with the packages in
uv's cache; at hand, installed by an earlier run.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import loop
from runner.environments import EnvironmentFailure, Reach, engine
from runner.environments.backends import builders
from runner.execution.servers import start
from runner.matrix import read_matrix
from runner.model import Backend, Format
from runner.plan import Filters, Plan, plan

ENVIRONMENTS = ("tf2.8", "tf2.15", "tf2.21")
REPEATS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Wall-clock seconds with one backend: until an environment is ready, and for one cell."""

    cold: float
    warm: float
    at_hand: float
    cell: float


def measure(matrix: Path, scenarios: Sequence[str]) -> dict[Backend, Costs]:
    """Measure the h5 of some scenarios in three environments, and make the last one ready; none without an engine."""
    try:
        engine.connect().close()
    except EnvironmentFailure as failure:
        print(f"Left out what containers cost. {failure.explanation}", file=sys.stderr)
        return {}
    filters = Filters(scenarios=tuple(scenarios), formats=(Format.H5,), environments=ENVIRONMENTS)
    plans = {backend: plan(read_matrix(matrix, backend), filters) for backend in Backend}
    for each in plans.values():
        loop.run("once, so that all is at hand", each)
    return _costs(plans)


def _costs(plans: Mapping[Backend, Plan]) -> dict[Backend, Costs]:
    """Measure all backends in turn: the same cells for each."""
    taken: dict[Backend, list[float]] = {backend: [] for backend in plans}
    for _ in range(REPEATS):
        for backend, each in plans.items():
            taken[backend].append(loop.run(str(backend), each).ours / len(each.cells))
    return {
        backend: Costs(**_readiness(each), cell=min(taken[backend]))  # the smallest is the least disturbed
        for backend, each in plans.items()
    }


def _readiness(wanted: Plan) -> dict[str, float]:
    """Make one environment ready in a cache of its own: cold, warm, and at hand."""
    before = {name: os.environ.get(name) for name in ("CROSSLOAD_CACHE", "UV_CACHE_DIR")}
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(CROSSLOAD_CACHE=folder, UV_CACHE_DIR=f"{folder}/uv")
        try:
            cold = _ready(wanted)
            for installed in Path(folder).rglob("environments"):
                shutil.rmtree(installed)
            return {"cold": cold, "warm": _ready(wanted), "at_hand": _ready(wanted)}
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _ready(wanted: Plan) -> float:
    """Return the seconds until the server of the last environment is ready."""
    started = time.monotonic()
    seconds = 0.0

    async def serve(folder: Path) -> None:
        nonlocal seconds
        spec, limits = wanted.environments[-1], wanted.matrix.limits
        environment = await backends[spec.backend].prepare(spec)
        reach = Reach(writable=(folder,))
        server = await start(backends[spec.backend], environment, limits, folder / "log", reach, shared=True)
        seconds = time.monotonic() - started
        await server.stop()

    with tempfile.TemporaryDirectory() as folder, builders(wanted.matrix, jobs=1) as backends:
        asyncio.run(serve(Path(folder)))
    return seconds
