"""
Try inputs of one target in this process: ``python -m tests.fuzz TARGET FOLDER --inputs 1000 [--seed N] [--guided]``.

It prints what came of it as a line of JSON: also after a finding, but not if it was ended from outside. The folder then
has the input at which that was, as ``input``.
"""

import argparse
import json
import os
import resource
import signal
import sys
import time
import traceback
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import FrameType

from tests.fuzz.target import Target

_DEADLY = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGXCPU)
ROOM = 2 * 2**30
"""Bytes of address space beyond what the process has at its start: the machine is spared what takes more."""


@dataclass(slots=True, kw_only=True)
class Tried:
    """
    What came of it.

    Attributes:
        ended: Inputs over which a library hung or died, in a process that has limits for that.
        slowest: Seconds of processor time that one input took, of those that were not ended so.
        peak_mb: Largest resident set of the process, in MiB.
        at_start_mb: The same before the first input.
        finding: A traceback; empty if every input was read or refused.
    """

    target: str
    engine: str
    inputs: int = 0
    ended: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    peak_mb: int = 0
    at_start_mb: int = 0
    finding: str = ""


class TooSlowError(BaseException):
    """An input took too long; no reader may take it for an error of its own."""


class Trial:
    """Reads inputs, and keeps account."""

    def __init__(self, target: Target, folder: Path, tried: Tried, deadline: float) -> None:
        self._target, self._tried, self._deadline = target, tried, deadline
        self._folder = folder
        self._current = (folder / "input").open("wb+", buffering=0)
        signal.signal(signal.SIGPROF, self._too_slow)

    def __call__(self, data: bytes) -> None:
        """Read an input within its time."""
        self._note(data)
        self._tried.inputs += 1
        if not self._target.confined or self._is_worth_it(data):
            self._read(data)

    def _is_worth_it(self, data: bytes) -> bool:
        """Read an input in a process of its own; tell whether that lived, and more is to be known of it."""
        child = os.fork()
        if child == 0:
            self._limit()
            with suppress(BaseException):
                self._read(data)
            os._exit(bool(self._tried.finding))  # what was found will be again
        _, status, usage = os.wait4(child, 0)
        self._tried.peak_mb = max(self._tried.peak_mb, _mb(usage.ru_maxrss))
        self._tried.ended += os.WIFSIGNALED(status)
        if not os.WIFSIGNALED(status):
            self._tried.slowest = max(self._tried.slowest, round(usage.ru_utime + usage.ru_stime, 3))
        return not os.WIFSIGNALED(status) and (status != 0 or self._tried.engine == "Atheris")

    def _limit(self) -> None:
        """Let what this process dies of end it, after its deadline at the latest: Atheris would tell it as its own."""
        limit = int(self._deadline) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        for number in _DEADLY:
            signal.signal(number, signal.SIG_DFL)

    def _read(self, data: bytes) -> None:
        """Read an input within its time."""
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, self._deadline)
        try:
            with TemporaryDirectory(dir=self._folder) as folder:
                self._target.read(data, Path(folder))
        except (Exception, TooSlowError):
            self._tried.finding = f"{traceback.format_exc()[-6000:]}\ninput: {data[:500]!r}"
            raise
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._tried.slowest = max(self._tried.slowest, round(time.process_time() - started, 3))

    def _too_slow(self, number: int, frame: FrameType | None) -> None:
        """Note it, too, as a reader may catch all that is raised."""
        self._tried.finding = "TooSlowError: " + "".join(traceback.format_stack(frame)[-3:])
        raise TooSlowError(self._tried.finding)

    def _note(self, data: bytes) -> None:
        """Keep the input where it is found if it ends this process."""
        self._current.seek(0)
        self._current.truncate()
        self._current.write(data)


def with_hypothesis(target: Target, trial: Trial, inputs: int, seed: int | None) -> None:
    """Try inputs that Hypothesis chooses: the same ones each time unless there is a seed."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    how = settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        derandomize=seed is None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @how
    @given(st.sampled_from(list(target.seeds())), st.randoms(use_true_random=False))
    def attempt(data: bytes, random: Random) -> None:
        trial(target.mutate(data, random))

    (attempt if seed is None else seeded(seed)(attempt))()


def with_atheris(target: Target, trial: Trial, inputs: int, seed: int | None, folder: Path) -> None:
    """Try inputs that Atheris chooses, by which lines of the program they reach; it does not return."""
    import atheris

    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(data)

    def changed(data: bytes, most: int, number: int) -> bytes:
        """Change an input by its form, or as Atheris does."""
        random = Random(number)
        made = target.mutate(data, random) if random.random() < 0.5 else atheris.Mutate(data, min(len(data) + 64, most))
        return bytes(made[:most])

    limits = ["-rss_limit_mb=1024", "-timeout=60", "-max_len=131072", "-print_final_stats=0", "-verbosity=0"]
    options = [f"-atheris_runs={inputs}", f"-seed={seed or 1}", f"-artifact_prefix={folder}/", *limits]
    atheris.Setup([sys.argv[0], *options, str(corpus)], trial, custom_mutator=changed)
    atheris.Fuzz()


def _try(arguments: argparse.Namespace) -> int:
    folder = arguments.folder
    target = _target(arguments.target, guided=arguments.guided)
    tried = Tried(target=target.name, engine="Atheris" if arguments.guided else "Hypothesis", at_start_mb=_peak())
    _spare_the_machine()
    trial = Trial(target, folder, tried, arguments.deadline)
    started = time.monotonic()

    def tell() -> None:
        tried.seconds, tried.peak_mb = round(time.monotonic() - started, 1), max(tried.peak_mb, _peak())
        (folder / "tried.json").write_text(json.dumps(asdict(tried)), encoding="utf-8")

    try:
        if arguments.guided:
            import atexit

            atexit.register(tell)
            with_atheris(target, trial, arguments.inputs, arguments.seed, folder)
        else:
            with_hypothesis(target, trial, arguments.inputs, arguments.seed)
    except (Exception, TooSlowError):
        tried.finding = tried.finding or traceback.format_exc()
    tell()
    return bool(tried.finding)


def _target(name: str, *, guided: bool) -> Target:
    """Import the target; guided, so that it tells which lines it reaches."""
    with _led() if guided else nullcontext():
        from tests.fuzz.targets import KNOWN
    found: Target = KNOWN[name]
    return found


def _led() -> AbstractContextManager[None]:
    """Have what is imported meanwhile tell which of its lines are reached."""
    import atheris

    led: AbstractContextManager[None] = atheris.instrument_imports(include=["runner"])
    return led


def _peak() -> int:
    """Return the largest resident set so far, in MiB; what `getrusage` tells is at least that of who started us."""
    status = Path("/proc/self/status")
    if not status.exists():
        return _mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    (line,) = (line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


def _mb(most: int) -> int:
    """Return a resident set, as the system tells it, in MiB."""
    return most // (2**20 if sys.platform == "darwin" else 2**10)


def _spare_the_machine() -> None:
    """Let the process take so much more memory, and no more."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return  # no Linux
    most = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main() -> int:
    """Try what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--deadline", type=float, default=5.0, help="seconds of processor time for one input")
    parser.add_argument("--guided", action="store_true", help="with Atheris")
    return _try(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
