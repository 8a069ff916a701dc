"""
One job's process: started by fork (or afresh), held to its limits, ended with everything that it started itself.

Linux only where it says so; elsewhere the same limits hold as far as the system has them.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time

from . import jobs

SLACK = 4 * 2**30  # address space that TensorFlow reserves and never touches
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LIBC = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
_HERE = os.path.dirname(os.path.abspath(__file__))


def adopt_orphans():
    """Have the children of our children handed to us when their parent ends, so that none gets away (Linux)."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    """Be killed when the parent dies, however it dies (Linux)."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Child:
    """A running job: its process, the pipe that it prints to, and its limits."""

    def __init__(self, job, address_space):
        self.job = job
        self.started = time.monotonic()
        self.deadline = self.started + job["seconds"]
        self.killed = None
        self.printed = 0
        self.silent = False
        self.peak = 0
        self._log = open(os.path.join(job["folder"], "log"), "wb")
        self.pipe, write = os.pipe()
        os.set_blocking(self.pipe, False)
        self.pid = _spawn(job, write) if job["fresh"] else _fork(job, write, self.pipe, address_space)
        os.close(write)

    def drain(self):
        """Move what was printed to the log, up to its limit; return False when nobody holds the other end."""
        while True:
            try:
                data = os.read(self.pipe, 65536)
            except BlockingIOError:
                return True
            if not data:
                return False
            room = self.job["output_kb"] * 1024 - self.printed
            self._log.write(data[: max(room, 0)])
            self.printed += len(data)

    def check(self):
        """Kill the job if it is over a limit."""
        self.peak = max(self.peak, _resident(self.pid))
        if self.killed is None and time.monotonic() > self.deadline:
            self.kill("timeout")
        elif self.killed is None and self.peak > self.job["memory_mb"] * 2**20:
            self.kill("memory")

    def kill(self, reason):
        """End the process and its group, and remember why: a kill signal alone does not tell."""
        self.killed = reason
        _kill_group(self.pid)

    def reaped(self, status, usage):
        """
        Tidy up after the process has ended.

        Returns:
            The message that tells the runner how it ended.
        """
        _kill_group(self.pid)
        self.drain()
        os.close(self.pipe)
        self._close_log()
        unit = 1 if sys.platform == "darwin" else 1024
        ended = "signal" if os.WIFSIGNALED(status) else "exit"
        return {
            "event": "ended",
            "id": self.job["id"],
            "ended": self.killed or ended,
            "status": os.WTERMSIG(status) if ended == "signal" else os.WEXITSTATUS(status),
            "seconds": round(time.monotonic() - self.started, 4),
            "peak_rss_mb": max(self.peak, usage.ru_maxrss * unit) // 2**20,
        }

    def _close_log(self):
        dropped = self.printed - self.job["output_kb"] * 1024
        if dropped > 0:
            self._log.write(b"\n[output cut here: %d more bytes]\n" % dropped)
        self._log.close()


def _fork(job, write, read, address_space):
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        os.close(read)
        _become(write)
        _limit(address_space + job["memory_mb"] * 2**20 + SLACK)
        status = jobs.run(job)
    finally:
        os._exit(status)


def _spawn(job, write):
    path = os.path.join(job["folder"], "job.json")
    with open(path, "w") as file:
        json.dump(job, file)
    process = subprocess.Popen(
        [sys.executable, _HERE, "job", path],
        stdin=subprocess.DEVNULL,
        stdout=write,
        stderr=write,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    process.returncode = 0  # the server reaps it, with its usage
    return process.pid


def _become(write):
    """Become a session of its own that prints to the pipe and hears nothing."""
    os.setsid()
    die_with_parent()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(write, 1)
    os.dup2(write, 2)
    os.closerange(3, 256)


def _limit(address_space):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform.startswith("linux"):
        resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))


def _kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def address_space():
    """Return how much of its address space this process has mapped, in bytes (Linux)."""
    return _statm(os.getpid())[0]


def _resident(pid):
    return _statm(pid)[1]


def _statm(pid):
    try:
        with open("/proc/%d/statm" % pid) as file:
            return [int(pages) * resource.getpagesize() for pages in file.read().split()[:2]]
    except (OSError, ValueError):
        return [0, 0]


def strays(known):
    """Return the processes that were handed to us and are no job of ours (Linux)."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid()) as file:
            return [int(pid) for pid in file.read().split() if int(pid) not in known]
    except OSError:
        return []
