"""A batch of inputs in a process of its own, from outside: what came of it, also if it did not live to say so."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pydantic import TypeAdapter

from tests.fuzz.__main__ import Tried
from tests.fuzz.target import ROOT

LARGEST_MB = 1024
"""What no input may make of the process that reads it."""

_MEMORY = Path("/dev/shm")  # noqa: S108  (each batch has a folder of its own there)
_TRIED = TypeAdapter(Tried)


def run(target: str, inputs: int, *, seed: int | None = None, guided: bool = False, wait: float = 600.0) -> Tried:
    """
    Try inputs of a target.

    Args:
        target: Its name.
        seed: Of other inputs than those of every time.
        guided: With Atheris instead of Hypothesis.
        wait: Seconds of wall-clock time, after which it hangs.
    """
    with tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as folder:
        options = ["--inputs", str(inputs), *(["--seed", str(seed)] if seed is not None else [])]
        command = [sys.executable, "-W", "ignore", "-m", "tests.fuzz", target, folder, *options]
        ended = _ended([*command, "--guided"] if guided else command, Path(folder), wait)
        try:
            tried = _TRIED.validate_json(Path(folder, "tried.json").read_bytes())
        except FileNotFoundError:
            engine = "Atheris" if guided else "Hypothesis"
            data = Path(folder, "input").read_bytes() if Path(folder, "input").exists() else b""
            return Tried(target=target, engine=engine, finding=f"{ended}\ninput: {data[:500]!r}")
    if tried.peak_mb > LARGEST_MB and not tried.finding:
        tried.finding = f"{tried.peak_mb} MiB"
    return tried


def _ended(command: list[str], folder: Path, wait: float) -> str:
    """Return how it ended, with the end of what it printed."""
    variables = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(folder)}
    with (folder / "printed").open("wb+") as printed:
        try:
            status = subprocess.run(
                command, stdout=printed, stderr=printed, cwd=ROOT, env=variables, timeout=wait, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            return f"it hangs: it did not end within {wait:.0f} seconds"
        printed.seek(0)
        lines = printed.read().decode("utf-8", "replace").splitlines()
        said = "\n".join(line for line in lines if not line.startswith("INFO: Instrumenting"))
        return f"it ended with status {status}\n{said[-4000:]}"
