"""
``python -m benchmarks.with_fakes FIGURES run ...`` is ``python -m runner run ...``, in environments of the stand-in.

What the process itself used is written into the file FIGURES: its children, in which a cell runs, do not count.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks.figures import Figures
from runner.__main__ import main
from runner.environments import Builder, backends
from runner.execution import run
from runner.execution.free import free_mb
from runner.execution.room import Free
from runner.execution.run import Executed, Listener
from runner.execution.settings import Options
from runner.model import Backend
from runner.plan import Plan
from runner.record import Record
from tests.run_with_fakes import builders

_execute = run.execute


class Counting:
    """A listener in front of the display."""

    def __init__(self, listener: Listener, figures: Figures) -> None:
        self._listener, self._figures = listener, figures

    def environment(self, name: str, state: str) -> None:
        """Hear of an environment."""
        self._listener.environment(name, state)

    def record(self, record: Record) -> None:
        """Hear of a cell."""
        self._figures.judged.append(time.process_time())
        self._listener.record(record)


FIGURES = Figures()


async def execute(
    plan: Plan,
    builders: Mapping[Backend, Builder],
    known: Mapping[str, Record],
    options: Options,
    listener: Listener,
    free: Free = free_mb,
) -> Executed:
    """Execute a plan, and look at the clock; see `run.execute`."""
    return await _execute(plan, builders, known, options, Counting(listener, FIGURES), free)


if __name__ == "__main__":
    backends.builders = builders
    run.execute = execute
    status = main(sys.argv[2:])
    FIGURES.ended = time.process_time()
    FIGURES.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    Path(sys.argv[1]).write_text(json.dumps(asdict(FIGURES)), encoding="utf-8")
    sys.exit(status)
