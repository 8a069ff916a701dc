"""What comes out of an environment: what a server says, and what a job leaves."""

import asyncio
import json
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pydantic import ValidationError

from runner.cache.use import marker, named
from runner.diagnosis import Side
from runner.drift import Sides, located
from runner.environments import LINE_LIMIT, Connection, Environment, EnvironmentFailure, Reach
from runner.execution import attempts, hosts, observations, saves, servers
from runner.execution.recent import Recent
from runner.execution.records import Recorder
from runner.execution.servers import Ended, Job
from runner.harness import arrays
from runner.harness.server import Server
from runner.judgement import Seen, judge_load, judge_save
from runner.model import Cell, EnvironmentSpec, Format, Limits, Scenario
from runner.observation import Observation
from runner.record import Status
from runner.writing import to_json
from tests import fakes
from tests.fuzz.formats import SEPARATOR, apart, npz, several
from tests.fuzz.mutations import blind, journal, json_document
from tests.fuzz.target import Target, check_text

_SPEC = fakes.environment("tf1")
_SIDES = (Side(name="tf1", versions={"tensorflow": "1.0", "python": "3.11"}),) * 2
_SCENARIO = Scenario(name="one", folder=Path("one"), formats=(Format.H5,), training=True)
_CELL = Cell(scenario=_SCENARIO, format=Format.H5, save=_SPEC, load=_SPEC)
_JOB = Job(
    id="0",
    kind="load",
    folder=Path("/j"),
    scenario=Path("/s"),
    script=None,
    format="h5",
    path=Path("/a/m"),
    artifact=Path("/a"),
)
_RIGHT = Ended(id="0", ended="exit", status=0, seconds=1.0, peak_rss_mb=100)


class Speaker:
    """A server that has said something, and has ended; see `Connection`."""

    def __init__(self, said: bytes) -> None:
        self._said = asyncio.StreamReader(limit=LINE_LIMIT)
        self._said.feed_data(said)
        self._said.feed_eof()

    async def receive(self) -> bytes:
        """Return the next line."""
        return await self._said.readline()

    async def send(self, line: bytes) -> None:
        """Hear nothing."""

    async def out_of_memory(self) -> bool:
        """Tell nothing."""
        return False

    async def end(self) -> None:
        """Be ended."""


class Speakers:
    """Starts servers that say an input; see `Builder`."""

    def __init__(self, said: bytes, folder: Path) -> None:
        self._said, self.environment = said, _environment(folder)

    async def prepare(self, spec: EnvironmentSpec) -> Environment:
        """Return the environment."""
        return self.environment

    async def start(self, environment: Environment, log: Path, reach: Reach, *, shared: bool) -> Connection:
        """Start one."""
        return Speaker(self._said)


def _environment(folder: Path) -> Environment:
    return Environment(
        spec=_SPEC,
        pins=("tensorflow==1.0",),
        digest="0",
        command=(),
        variables={},
        folder=folder,
        record=folder / "record.json",
    )


def hear(data: bytes, folder: Path) -> None:
    """Hear a server's greeting and how it says that a job ended, and judge that."""
    asyncio.run(_hear(data, folder))


async def _hear(data: bytes, folder: Path) -> None:
    log = folder / "server.log"
    log.write_bytes(data[-5000:])
    builder = Speakers(data, folder)
    try:
        server = await servers.start(builder, builder.environment, fakes.LIMITS, log, Reach(), shared=True)
    except EnvironmentFailure as failure:
        check_text(failure.explanation)
        return
    ended = await server.run(_JOB)
    await server.stop()
    check_text(to_json(server.versions))
    _judge(attempts.look(folder / "nothing", ended, {}), ended, folder)


def look(data: bytes, folder: Path) -> None:
    """Read what a job left, judge it as a save and as a load, on both sides, and say where drift begins."""
    texts = apart(data, 3)
    for name, text in zip(("observation.json", "arrays.npz", "log"), texts, strict=True):
        (folder / name).write_bytes(text)
    (folder / "phase").write_bytes(texts[2][:20])
    _judge(attempts.look(folder, _RIGHT, {str(folder): "<job>"}), _RIGHT, folder)


def _judge(seen: Seen, ended: Ended, folder: Path) -> None:
    attempted = attempts.Attempted(seen=seen, ended=ended, attempts=1)
    judged = [judge_save(seen, _SIDES[0], 1.0)]
    observed = seen.observation
    for saved, loaded in ((_SAVED, observed), (observed, _SAVED), (observed, observed)):
        if saved and loaded:
            there = Seen(ended="exit", status=0, phase=None, observation=loaded)
            judgement = judge_load(saved, there, _SCENARIO, _SIDES, 1.0)
            judged.append(judgement)
            sides = Sides(saved=saved, loaded=loaded, again=loaded, tolerance=_SCENARIO.tolerance)
            judged.append(located(judgement, sides) if judgement.status is Status.DRIFT else judgement)
    recorder = Recorder(matrix=Path("matrix.yaml"), output=folder / "output")
    for each in judged:
        check_text(to_json(recorder.record(_CELL, each, attempted=attempted)))


def keep(data: bytes, folder: Path) -> None:
    """Look for what an earlier run has kept: the marker of a save, and what is known of an environment."""
    mark, record = apart(data, 2)
    saved = folder / "saves"
    saved.mkdir(exist_ok=True)
    marker(saved / _KEY[:32]).write_bytes(mark)
    named(marker(saved / _KEY[:32]))
    shelf = saves.Shelf(folder=saved, use=None, limits=Limits(), recent=Recent())  # type: ignore[arg-type]
    saves._kept(shelf, _KEY)
    (folder / "record.json").write_bytes(record)
    found = Server(1, Namespace(record=str(folder / "record.json")))._record()
    assert found is None or all(isinstance(name, str) for name in found["modules"])
    try:
        known = hosts._FOUND.validate_json(record)
    except ValidationError:
        return
    assert found is not None, "the runner knows an environment that its server does not"
    check_text(to_json(known))


_KEY = "0" * 64
_VERSIONS = {"python": "3.11.7", "tensorflow": "2.15.1", "keras": "2.15.0", "packages": {"numpy": "1.26.4"}}


def _greetings() -> tuple[bytes, ...]:
    ready = {"event": "ready", "versions": _VERSIONS, "confined": True, "protocol": 1}
    raised = {"type": "ImportError", "message": "numpy.core\nfailed", "traceback": "Traceback ...\n"}
    broken = {"event": "broken", "exception": raised, "protocol": 1}
    ends = [asdict(_RIGHT), asdict(_RIGHT) | {"ended": "signal", "status": 11}]
    return (
        *("".join(json.dumps(line) + "\n" for line in (ready, end)).encode() for end in ends),
        json.dumps(broken).encode() + b"\n",
    )


def _kept() -> tuple[bytes, ...]:
    marker = saves._Marker(key=_KEY, folder="0-1", ended=_RIGHT, attempts=1, content="0").sealed()
    record = json.dumps({"versions": _VERSIONS, "modules": ["tensorflow", "numpy"]})
    return (to_json(marker).encode() + SEPARATOR + record.encode(),)


def _observed(**changes: Any) -> bytes:
    """Return what a harness writes: arrays of every kind, by the harness's own writer."""
    writer = arrays.Writer()
    numbers = np.linspace(-1, 1, 6, dtype="float32").reshape(3, 2)
    kinds: dict[str, list[tuple[str, str, Any]]] = {
        "inputs": [("", "input", numbers)],
        "targets": [("", "target", numbers[:, :1])],
        "outputs": [("", "out", numbers), ("", "words", np.array([b"a", b"bc", b""], object))],
        "weights": [("dense", "kernel", numbers.T), ("dense", "bias", np.zeros(2, "float16"))],
        "state": [("lookup", "table", np.array([b"a", b"b"], object)), ("dense", "count", np.int64(3))],
        "activations": [("dense", "dense", numbers), ("out", "out", numbers * 2)],
        "optimizer": [("", "momentum", numbers.T)],
        "trained": [("dense", "kernel", numbers.T + 1)],
        "movement": [("", "out", np.full((3, 2), 1e-7))],
        "layer_movement": [("dense", "dense", np.full((3, 2), 1e-7))],
    }
    entries = {
        kind: [writer.add(array, layer=layer, name=name) for layer, name, array in found]
        for kind, found in kinds.items()
    }
    written = {
        "protocol": 1,
        "phase": "predict",
        "exception": None,
        "unsupported": None,
        "own": ["Mine"],
        "deterministic": True,
        "structure": {"inputs": "array"},
        "model": "functional",
        "optimizer": {"name": "Adam", "iterations": 3.0, "learning_rate": 0.001},
        "loss": 0.5,
        "unit": 6e-8,
        "layers": [
            {"layer": "dense", "class_name": "Dense", "config": {"units": "2", "dtype": '{"name": "float32"}'}},
            {"layer": "out", "class_name": "Dense", "config": {"axis": "[-1]"}},
        ],
        "notes": {"training": "none"},
        "changes": ["one"],
        "seconds": {"load": 0.5},
        "arrays": entries,
    }
    with TemporaryDirectory() as folder:
        path = Path(folder, "arrays.npz")
        writer.write(path)
        content = path.read_bytes()
    text = json.dumps(written | changes).encode()
    return SEPARATOR.join((text, content, b"Traceback ...\nValueError: it fails\n"))


def _raised() -> bytes:
    raised = {"type": "TypeError", "message": "got an unexpected keyword argument 'x'", "traceback": "..."}
    return _observed(phase="load", exception=raised | {"in_scenario": False})


def _read_seed() -> Observation:
    with TemporaryDirectory() as folder:
        for name, text in zip(("observation.json", "arrays.npz"), apart(_observed(), 3), strict=False):
            Path(folder, name).write_bytes(text)
        return observations.read(Path(folder))


_SAVED = _read_seed()

TARGETS = (
    Target(name="messages of a server", read=hear, seeds=_greetings, mutate=journal, inputs=2500),
    Target(
        name="observation.json, arrays.npz",
        read=look,
        seeds=lambda: (_observed(), _raised()),
        mutate=several(json_document, npz, blind),
        inputs=2200,
    ),
    Target(
        name="markers and records",
        read=keep,
        seeds=_kept,
        mutate=several(json_document, json_document),
        inputs=2000,
    ),
)
