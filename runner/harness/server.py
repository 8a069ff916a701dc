"""
The server: imports TensorFlow once, then forks a child for every job that it is sent.

It reads jobs from standard input and answers on standard output, a JSON object a line; what TensorFlow prints goes to
standard error. It ends when its input does, and takes its children along.
"""

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from . import PROTOCOL, children, confinement, memory, preload, processes

POLL = 0.1
PROBE = {"fresh": False, "seconds": 300, "memory_mb": 16384, "disk_mb": 1024, "output_kb": 256}


def main(argv):
    """Serve until standard input ends."""
    options = _parser().parse_args(argv)
    children.guard()
    answers = os.dup(1)
    os.dup2(2, 1)
    server = Server(answers, options)
    try:
        server.prepare()
    except BaseException as error:
        server.answer(event="broken", exception=_described(error))
        os._exit(1)
    server.serve()


def _parser():
    parser = argparse.ArgumentParser(prog="harness serve")
    parser.add_argument("--record", required=True, help="where the probe's findings are kept")
    parser.add_argument("--import", dest="imports", action="append", default=[], metavar="MODULE")
    parser.add_argument(
        "--hide",
        action="append",
        default=[],
        metavar="FOLDER",
        help="keep every job from what is in there and is not its own; `confined` of the greeting says whether the "
        "kernel can, and where it cannot the jobs run without",
    )
    return parser


def _described(error):
    return {
        "type": type(error).__name__,
        "message": str(error)[:20000],
        "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__))[-40000:],
    }


class Server:
    """The loop between the runner's messages and the children."""

    def __init__(self, answers, options):
        self._answers = answers
        self._options = options
        self._children = {}
        self._heard = b""
        self._open = True
        self._space = 0
        self._hidden = []
        self._swept = 0.0

    def answer(self, **message):
        """Send one message."""
        text = json.dumps(dict(message, protocol=PROTOCOL), ensure_ascii=False)
        data = text.encode("utf-8", "replace") + b"\n"
        while data:
            data = data[os.write(self._answers, data) :]

    def prepare(self):
        """Import everything, learning once for each environment what everything is, and say that we are ready."""
        preload.modules(self._options.imports)
        preload.tensorflow()
        self._hidden = self._options.hide if confinement.able() else []
        record = self._record() or self._probe()
        preload.modules(record["modules"])
        preload.freeze()
        self._space = memory.address_space()
        taken = memory.resident(os.getpid()) // 2**20
        self.answer(event="ready", versions=record["versions"], confined=bool(self._hidden), memory_mb=taken)

    def _record(self):
        """Return what is known of the environment; None if nothing is, or the file is damaged: it is found out anew."""
        try:
            with open(self._options.record) as file:
                found = json.load(file)
            return found if _is_record(found) else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None

    def _probe(self):
        """Let children find out whether the environment works and what its jobs will import, and keep that."""
        checked, log = self._ask("check")
        if checked is None or checked["exception"]:
            raise ProbeError(_reason(checked, log))
        learned, _ = self._ask("learn")
        modules = learned.get("modules", []) if learned else []
        found = {"versions": checked["versions"], "modules": modules}
        _write(self._options.record, found)
        return found

    def _ask(self, kind):
        """Return what a child observed, None if it died; and what it printed."""
        with tempfile.TemporaryDirectory() as folder:
            job = self._given(dict(PROBE, id=kind, kind=kind, folder=folder, scenario=folder))
            child = children.Child(job, memory.address_space())
            os.set_blocking(child.pipe, True)
            while child.drain():
                pass
            child.reaped(*os.wait4(child.pid, 0)[1:])
            with open(os.path.join(folder, "log"), errors="replace") as file:
                return _read(os.path.join(folder, "observation.json")), file.read()

    def serve(self):
        """Start what comes in, reap what ends, until the input ends."""
        wake, woken = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(self._end()))
        signal.set_wakeup_fd(woken)
        while self._open:
            pipes = {child.pipe: child for child in self._children.values() if not child.silent}
            ready, _, _ = select.select([0, wake] + list(pipes), [], [], POLL if self._children else None)
            for source in ready:
                self._hear(source, wake, pipes)
            self._reap()
        os._exit(self._end())

    def _hear(self, source, wake, pipes):
        if source == 0:
            self._listen()
        elif source == wake:
            os.read(wake, 65536)
        else:
            pipes[source].silent = not pipes[source].drain()

    def _listen(self):
        data = os.read(0, 65536)
        self._open = bool(data)
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            self._start(json.loads(line.decode()))

    def _start(self, job):
        """Start a job; one that cannot be, as when another has taken all processes that there may be, is lost."""
        try:
            child = children.Child(self._given(job), self._space, alone=not self._children)
        except (OSError, subprocess.SubprocessError) as error:
            sys.stderr.write("{} could not be started: {}\n".format(job["id"], error))
            sys.stderr.flush()
            self.answer(**children.lost(job))
            return
        for other in self._children.values():
            other.alone = False
        self._children[child.pid] = child

    def _given(self, job):
        """Return a job with what holds for all jobs of this server."""
        return dict(job, imports=self._options.imports, hide=self._hidden)

    def _reap(self):
        for pid, child in list(self._children.items()):
            child.check()
            reaped, status, usage = os.wait4(pid, os.WNOHANG)
            if reaped:
                del self._children[pid]
                self._sweep(0 if self._hidden else processes.PAUSE)  # what it left must not change its folder any more
                self.answer(**child.reaped(status, usage))
        if not self._children:
            children.end_strays(())
        self._sweep(processes.PAUSE)

    def _sweep(self, pause):
        """End what has got away from a job that may still run: among strangers, nobody would account for it."""
        if time.monotonic() >= self._swept + pause:
            children.end_strays(self._children)
            self._swept = time.monotonic()

    def _end(self):
        for child in self._children.values():
            child.kill("stopped")
        return 0


def _is_record(found):
    """Tell whether this is what a probe has found out, as strictly as the runner reads it."""
    versions = found["versions"]
    texts = [versions["python"], versions["tensorflow"]] + list(versions["packages"].values()) + found["modules"]
    texts += [] if versions["keras"] is None else [versions["keras"]]
    return all(isinstance(text, str) for text in texts)


class ProbeError(Exception):
    """TensorFlow was imported, but cannot be used."""


def _reason(observation, log):
    if observation is None:
        return "the process died while it built and called a layer:\n" + log[-4000:]
    raised = observation["exception"]
    return "{type}: {message}\n{traceback}".format(**raised)


def _read(path):
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _write(path, value):
    part = "%s.%d" % (path, os.getpid())
    with open(part, "w") as file:
        json.dump(value, file)
    os.replace(part, path)
