"""A job as the runner describes it, and its observation so far."""

import json
import os
import time

from . import PROTOCOL, arrays, reasons


class Job:
    """A job as the runner describes it, and its observation so far."""

    def __init__(self, message):
        self.message = message
        self.folder = message["folder"]
        self.tf = None
        self.writer = arrays.Writer()
        self.heard, self.inputs = [], None
        self.observation = {
            "protocol": PROTOCOL,
            "phase": message["kind"] if message["kind"] == "save" else "load",
            "exception": None,
            "unsupported": None,
            "own": None,
            "deterministic": None,
            "structure": None,
            "model": None,
            "optimizer": None,
            "loss": None,
            "unit": None,
            "layers": [],
            "notes": {},
            "changes": [],
            "seconds": {},
            "arrays": {},
        }

    def enter(self, phase):
        """Say, for whoever finds the remains, what is being done."""
        self.observation["phase"] = phase
        with open(os.path.join(self.folder, "phase"), "w") as file:
            file.write(phase)

    def keep(self, kind, triples):
        """Keep (layer, name, array) triples under `kind`."""
        self.observation["arrays"][kind] = [self.writer.add(a, layer=layer, name=name) for layer, name, a in triples]

    def timed(self, name, work, *args):
        """Return what `work` returns, and note how long it took."""
        started = time.perf_counter()
        try:
            return work(*args)
        finally:
            self.observation["seconds"][name] = time.perf_counter() - started

    def attempt(self, name, work, *args):
        """Observe something extra: a failure is a note, since it says nothing about the model."""
        try:
            self.timed(name, work, *args)
        except Exception as error:
            self.observation["notes"][name] = _first_line(error)

    def write(self):
        """Write the observation, the JSON last: where it exists it is whole."""
        self.writer.write(os.path.join(self.folder, "arrays.npz"))
        path = os.path.join(self.folder, "observation.json")
        with open(path + ".part", "w", encoding="utf-8", errors="replace") as file:
            json.dump(self.observation, file, ensure_ascii=False)
        os.rename(path + ".part", path)


def _first_line(error):
    return "{}: {}".format(type(error).__name__, reasons.text(error).strip().split("\n")[0][:300])
