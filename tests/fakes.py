"""
Environments of a TensorFlow that is none, and short ways to say a scenario, a matrix and a run.

The one thing that is put in the place of another is the `Builder`, which the execution takes as an argument: servers,
forks, limits, comparison and judgement are the real ones.
"""

import asyncio
import hashlib
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.environments import (
    HARNESS,
    Connection,
    Environment,
    EnvironmentFailure,
    Reach,
    harness_command,
    local,
)
from runner.execution.free import free_mb
from runner.execution.room import Free
from runner.execution.run import Executed, execute
from runner.execution.servers import Job
from runner.execution.settings import Options
from runner.files import emptied
from runner.model import Backend, EnvironmentSpec, Format, Limits, Matrix, Scenario
from runner.plan import Filters, Plan, plan
from runner.record import Record
from runner.results import read_journal

FAKE = Path(__file__).with_name("fake")
LIMITS = Limits(seconds=20.0, memory_mb=512, disk_mb=64, output_kb=16)

SAVE = """
    import numpy as np
    import tensorflow as tf

    def save(path):
        model = tf.keras.Sequential([tf.keras.layers.Dense(3, name="hidden"), tf.keras.layers.Dense(2, name="out")])
        inputs = np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)
        model(inputs)
        model.save(path)
        return model, inputs
"""
"""A save script whose model comes back as it was."""


class FakeBuilder:
    """
    Makes environments of the stand-in, in no time.

    Args:
        folder: Where they are.
        failures: What is raised instead, by the environment's name.
        hide: Folders that their servers hide from the jobs.
    """

    def __init__(
        self, folder: Path, failures: Mapping[str, EnvironmentFailure] | None = None, hide: Sequence[Path] = ()
    ) -> None:
        self._folder = folder
        self._hide = tuple(word for path in hide for word in ("--hide", str(path)))
        self._failures = failures or {}
        self.prepared: list[str] = []

    async def prepare(self, spec: EnvironmentSpec) -> Environment:
        """Return the environment; see `Builder`."""
        self.prepared.append(spec.name)
        if spec.name in self._failures:
            raise self._failures[spec.name]
        digest = hashlib.sha256(repr(spec).encode()).hexdigest()[:16]
        folder = self._folder / digest
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lock.txt").write_text(f"tensorflow=={spec.tensorflow}\n")
        fixed = {"PYTHONPATH": str(FAKE), "OPENBLAS_NUM_THREADS": "1", "FAKE_TENSORFLOW": spec.tensorflow}
        return Environment(
            spec=spec,
            pins=(f"tensorflow=={spec.tensorflow}",),
            digest=digest,
            command=(*harness_command(Path(sys.executable), HARNESS, folder / "record.json", spec), *self._hide),
            variables=fixed | dict(spec.variables),
            folder=folder,
            record=folder / "record.json",
        )

    async def start(self, environment: Environment, log: Path, reach: Reach, *, shared: bool) -> Connection:
        """Start a real server; see `Builder`."""
        return await local.start(environment, log)


@dataclass(slots=True)
class Heard:
    """A listener that remembers."""

    records: list[Record] = field(default_factory=list)
    states: list[tuple[str, str]] = field(default_factory=list)

    def environment(self, name: str, state: str) -> None:
        """Hear of an environment."""
        self.states.append((name, state))

    def record(self, record: Record) -> None:
        """Hear of a cell."""
        self.records.append(record)


def environment(name: str, version: str = "", **variables: str) -> EnvironmentSpec:
    """Return an environment of the stand-in; its version is the digits of its name unless it is said."""
    version = version or name.lstrip("abcdefghijklmnopqrstuvwxyz")
    return EnvironmentSpec(
        name=name,
        tensorflow=version,
        distribution="tensorflow",
        python="3.11",
        variables=tuple(variables.items()),
        order=(tuple(int(part) for part in version.split(".")),),
    )


def scenario(
    folder: Path, name: str, save: str = SAVE, load: str | None = None, formats: Sequence[Format] = (Format.H5,)
) -> Scenario:
    """Write the scripts of a scenario into a folder of its own."""
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    (own / "save.py").write_text(textwrap.dedent(save), encoding="utf-8")
    if load is not None:
        (own / "load.py").write_text(textwrap.dedent(load), encoding="utf-8")
    return Scenario(name=name, folder=own, formats=tuple(formats), load=None if load is None else "load.py")


def matrix(environments: Sequence[EnvironmentSpec], scenarios: Sequence[Scenario], limits: Limits = LIMITS) -> Matrix:
    """Return a matrix of all with all."""
    return Matrix(
        path=Path("matrix.yaml"),
        digest="sha256:0",
        environments=tuple(environments),
        scenarios=tuple(scenarios),
        limits=limits,
    )


@dataclass(slots=True)
class Lab:
    """
    A folder in which runs follow each other, with their cache and their output.

    Attributes:
        heard: What the last run told its listener.
    """

    folder: Path
    heard: Heard = field(default_factory=Heard)

    @property
    def output(self) -> Path:
        """Return the output folder."""
        return self.folder / "output"

    @property
    def journal(self) -> dict[str, Record]:
        """Return what the journal holds."""
        return read_journal(self.output / "results.jsonl")

    @property
    def saves(self) -> Path:
        """Return the folder of the artifacts that are kept."""
        return self.folder / "cache" / "saves"

    def scenario(self, name: str, save: str = SAVE, load: str | None = None, *formats: Format) -> Scenario:
        """Write a scenario; see `scenario`."""
        return scenario(self.folder / "scenarios", name, save, load, formats or (Format.H5,))

    def job(self, name: str, save: str = SAVE) -> Job:
        """Return a job that saves a scenario of its own, in an empty folder."""
        scenario, folder = self.scenario(name, save), emptied(self.folder / "jobs" / name)
        return Job(
            id=name,
            kind="save",
            folder=folder,
            scenario=scenario.folder,
            script="save.py",
            format="h5",
            path=folder / "artifact" / Format.H5.path,
            artifact=folder / "artifact",
        )

    def builder(self, failures: Mapping[str, EnvironmentFailure] | None = None) -> FakeBuilder:
        """Return a builder whose environments stay between runs."""
        return FakeBuilder(self.folder / "environments", failures)

    def options(self, *, jobs: int = 2, fresh: bool = False, no_cache: bool = False) -> Options:
        """Return how runs go here."""
        return Options(cache=self.folder / "cache", output=self.output, jobs=jobs, fresh=fresh, no_cache=no_cache)

    def execute(
        self,
        wanted: Plan,
        builder: FakeBuilder | None = None,
        *,
        jobs: int = 2,
        fresh: bool = False,
        no_cache: bool = False,
        free: Free = free_mb,
    ) -> Executed:
        """Execute a plan; what the journal knows is known, unless all is to be fresh."""
        self.heard = Heard()
        known = {} if fresh else self.journal
        builders = {Backend.NOX: builder or self.builder()}
        how = self.options(jobs=jobs, fresh=fresh, no_cache=no_cache)
        return asyncio.run(execute(wanted, builders, known, how, self.heard, free))

    def run(
        self,
        scenarios: Sequence[Scenario] | Scenario,
        environments: Sequence[str] = ("tf1",),
        *,
        limits: Limits = LIMITS,
        jobs: int = 2,
        fresh: bool = False,
    ) -> dict[str, Record]:
        """Run all with all; return the records by the id of their cell."""
        several = [scenarios] if isinstance(scenarios, Scenario) else scenarios
        wanted = plan(matrix([environment(name) for name in environments], several, limits), Filters())
        return {record.id: record for record in self.execute(wanted, jobs=jobs, fresh=fresh).records}

    def one(self, save: str = SAVE, load: str | None = None, *, limits: Limits = LIMITS) -> Record:
        """Return the record of one cell that saves and loads in one environment."""
        (record,) = self.run(self.scenario("one", save, load), limits=limits).values()
        return record


def processes_with(variable: str) -> list[str]:
    """Return the command lines of the living processes that were started with an environment variable (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            alive = b"State:\tZ" not in (process / "status").read_bytes()
            if alive and variable.encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found
