"""Runs that are killed by -9 at any moment, one after the other, until one comes to its end."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from runner.record import Status
from runner.results import read_journal
from tests.fakes import scenario

SAVE = """
    import os
    import numpy as np
    import tensorflow as tf

    def save(path):
        model = tf.keras.Sequential([tf.keras.layers.Dense(3, name="hidden"), tf.keras.layers.Dense(2, name="out")])
        inputs = np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)
        model(inputs)
        model.save(path)
        with open(os.path.join(os.path.dirname(path), "saved_by"), "w") as file:
            file.write(tf.__version__)
        return model, inputs
"""
"""A save script that notes who has saved."""

LOAD = """
    import os
    import tensorflow as tf

    HERE = os.path.dirname(os.path.abspath(__file__))

    def load(path):
        with open(os.path.join(os.path.dirname(path), "saved_by")) as file:
            cell = os.path.basename(HERE), file.read(), tf.__version__
        with open(os.path.join(HERE, "..", "..", "loads"), "a") as file:
            file.write(" ".join(cell) + "\\n")
        model = tf.keras.models.load_model(path)
        {then}
        return model
"""
"""A load script that notes which cell it is for."""

LOADS = {
    "passes": "pass",
    "passes_too": "pass",
    "fails": "raise ValueError('Unknown layer: Mine')",
    "drifts": "model.layers[0].set_weights([weight + 1 for weight in model.layers[0].get_weights()])",
}
"""What comes of each scenario."""


class Run(Protocol):
    """A run that goes on."""

    def ended_within(self, seconds: float) -> bool:
        """Wait for its end that long; tell whether it has come."""

    def kill(self) -> None:
        """Kill it by -9, and wait until it is dead."""


@dataclass(slots=True)
class Killed:
    """
    A matrix whose runs are killed.

    Args:
        folder: Where the matrix is, and its scenarios.
        versions: Exact version of TensorFlow -> name of the environment.
        start: Starts a run that goes on from where the last one ended.
    """

    folder: Path
    versions: Mapping[str, str]
    start: Callable[[], Run]
    kills: int = field(default=0, init=False)

    def write(self) -> None:
        """Write the matrix and its scenarios."""
        for name, then in LOADS.items():
            scenario(self.folder / "scenarios", name, SAVE, LOAD.format(then=then))
        scenario(self.folder / "scenarios", "never", "def save(path): raise ValueError('no')")
        environments = {name: {"tensorflow": version} for version, name in self.versions.items()}
        scenarios = {name: {"formats": ["h5"]} for name in (*LOADS, "never")}
        document = {"version": 1, "environments": environments, "scenarios": scenarios}
        (self.folder / "matrix.yaml").write_text(json.dumps(document), encoding="utf-8")  # which is YAML

    def to_its_end(self, chance: random.Random, seconds: float, most: int) -> None:
        """
        Kill runs at moments within so many seconds, at most so many, and let the next one end.

        Raises:
            AssertionError: If a cell ran again that was in the journal before.
        """
        for left in reversed(range(most + 1)):
            finished = self._finished()
            (self.folder / "loads").write_text("")
            run = self.start()
            ended = run.ended_within(chance.uniform(0, seconds) if left else 600)
            if not ended:
                run.kill()
                self.kills += 1
            again = finished & self._loaded()
            assert not again, f"loaded again: {again}"
            if ended:
                return

    def found(self) -> Any:
        """Return what the last run found, but for times, memory and what depends on where it is."""
        results = json.loads((self.folder / "out" / "results.json").read_bytes())
        del results["run"]
        return _timeless(results)

    def journal(self) -> list[str]:
        """Return the cells of the journal, line by line; the half of a line has none."""
        lines = (self.folder / "out" / "results.jsonl").read_bytes().splitlines()
        return [json.loads(line)["id"] for line in lines if line.endswith(b"}")]

    def _finished(self) -> set[str]:
        """Return the cells that nothing is left to load for; one that fails may be loaded to help its neighbours."""
        known = read_journal(self.folder / "out" / "results.jsonl").values()
        return {cell.id for cell in known if cell.status is Status.PASS}

    def _loaded(self) -> set[str]:
        lines = [line.split() for line in (self.folder / "loads").read_text().splitlines()]
        names = self.versions
        return {f"{name}.h5@{names[saved]}->{names[loaded]}" for name, saved, loaded in lines}


def _timeless(value: Any) -> Any:
    match value:
        case dict():
            return {name: _timeless(item) for name, item in value.items() if name not in ("seconds", "peak_rss_mb")}
        case list():
            return [_timeless(item) for item in value]
        case _:
            return value
