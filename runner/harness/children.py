"""
One job's process: started by fork (or afresh), held to its limits, ended with everything that it started itself.

Linux only where it says so; elsewhere the same limits hold as far as the system has them.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback

from . import cgroup, confinement, filed, jobs, processes
from .folders import Folders

READS = 16  # at a time from one child: one that prints without end must not keep us from the others
PROCESSES = 256  # that a job may have at a time
PATIENCE = 10  # seconds in which what forks without end is caught, if it can be
SLACK = 4 * 2**30  # address space that TensorFlow reserves and never touches
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LIBC = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
_HERE = os.path.dirname(os.path.abspath(__file__))


def guard():
    """
    Go on in a child of this process, which stays behind as its guardian.

    Whatever ends the server, be it a job that kills its own parent, the guardian ends all that it leaves (Linux).
    """
    adopt_orphans()
    _die_with_parent(os.getppid(), signal.SIGTERM)
    guardian, server = os.getpid(), os.fork()
    if server:
        _stand_guard(server)
    _die_with_parent(guardian)
    adopt_orphans()


def _stand_guard(server):
    signal.signal(signal.SIGTERM, lambda *_: _send(server, signal.SIGTERM))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    while os.wait()[0] != server:
        pass
    while end_strays(()):
        pass
    os._exit(0)


def _send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def adopt_orphans():
    """
    Have the children of our children handed to us when their parent ends, so that none gets away (Linux).

    A job does so, too: what it starts stays below it, and is counted with it, as long as it runs.
    """
    if _LIBC:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with_parent(parent, number=signal.SIGKILL):
    """Be sent a signal when the parent dies, however it dies (Linux), and leave if it is dead already."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


class Child:
    """
    A running job: its process, the pipe that it prints to, and its limits.

    Args:
        alone: Whether no other job runs.

    Raises:
        OSError: If it cannot be started; nothing of it is left then.
    """

    def __init__(self, job, address_space, *, alone=True):
        self.job = job
        self.started = time.monotonic()
        self.deadline = self.started + job["seconds"]
        self.killed = None
        self.silent = False
        self.alone = alone
        self._oom_kills, self._refusals = cgroup.kills(), cgroup.refusals()
        with contextlib.ExitStack() as held:
            self._folders = Folders(confinement.own_folders(job), job["disk_mb"] * 2**20)
            held.callback(self._folders.close)
            self._log = Log(self._folders.create("log"), job["output_kb"] * 1024)
            held.callback(self._log.close)
            self.pid = self._start(job, address_space, held)
            self._family = processes.Family(self.pid, PROCESSES)
            self._filed = filed.Filed()
            self._held = held.pop_all()

    def _start(self, job, address_space, held):
        self.pipe, write = os.pipe()
        held.callback(os.close, self.pipe)
        os.set_blocking(self.pipe, False)
        try:
            limits = _Limits(job, address_space)
            return _spawn(job, write, self._folders, limits) if job["fresh"] else _fork(job, write, limits)
        finally:
            os.close(write)

    def drain(self):
        """Move what was printed, or a good part of it, to the log; return False when nobody holds the other end."""
        for _ in range(READS):
            try:
                data = os.read(self.pipe, 65536)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._log.write(data)
        return True

    def check(self):
        """Kill the job if it is over a limit, itself or with all that it has started."""
        self._family.look()
        if self.killed is None and self._family.too_many():  # first: so many leave us no time for the rest
            self.kill("processes")
        elif self.killed is None and time.monotonic() > self.deadline:
            self.kill("timeout")
        elif self.killed is None and self._takes_more_than(self.job["memory_mb"] * 2**20):
            self.kill("memory")
        elif self.killed is None and self._folders.soon_full(self._family.pids):
            self.kill("disk")

    def _takes_more_than(self, limit):
        """Tell whether it has more memory, or has put more into files that lie there."""
        return self._family.memory > limit or self._filed.over(limit, self._family.pids)

    def kill(self, reason):
        """
        End the process and its group, and remember why: a kill signal alone does not tell.

        So is what else it has started, which may be in groups of its own.
        """
        self.killed = reason
        started = processes.below(self.pid)
        _kill_group(self.pid)
        for pid in started:
            _send(pid, signal.SIGKILL)

    def reaped(self, status, usage):
        """
        Tidy up after the process has ended.

        Returns:
            The message that tells the runner how it ended.
        """
        _kill_group(self.pid)
        self.drain()
        if self.killed in (None, "timeout"):  # as what waits for a child that the kernel has killed may wait for ever
            self.killed = self._shortage(status) or self.killed
        self._held.close()
        self._filed.remove()
        unit = 1 if sys.platform == "darwin" else 1024
        ended = "signal" if os.WIFSIGNALED(status) else "exit"
        return {
            "event": "ended",
            "id": self.job["id"],
            "ended": self.killed or ended,
            "status": os.WTERMSIG(status) if ended == "signal" else os.WEXITSTATUS(status),
            "seconds": round(time.monotonic() - self.started, 4),
            "peak_rss_mb": max(self._family.memory, usage.ru_maxrss * unit) // 2**20,
        }

    def _shortage(self, status):
        """
        Tell what there was not enough of, if the kernel or the disk had no more.

        Beside others it may be their fault, and nothing is known about this job until it has been alone.
        """
        starved = status != 0 and cgroup.kills() > self._oom_kills
        crowded = status != 0 and cgroup.refusals() > self._refusals
        if not self.alone and (starved or crowded):
            return "lost"
        if starved:
            return "memory"
        return "disk" if self._folders.full() or (status != 0 and self._folders.disk_is_full()) else None


def lost(job):
    """Return the message about a job that could not be started."""
    return {"event": "ended", "id": job["id"], "ended": "lost", "status": 0, "seconds": 0.0, "peak_rss_mb": 0}


class Log:
    """What a job prints, up to a limit: its beginning, and its end, which says what it died of."""

    def __init__(self, file, limit):
        self._file = file
        self._room = self._half = limit // 2
        self._end = b""
        self._dropped = 0

    def write(self, data):
        """Keep what is printed, or drop what is in the middle for it."""
        self._put(data[: self._room])
        rest = self._end + data[self._room :]
        self._room = max(self._room - len(data), 0)
        self._end = rest[-self._half :]
        self._dropped += len(rest) - len(self._end)

    def close(self):
        """Write the end."""
        if self._dropped:
            self._put(b"\n[... %d bytes left out ...]\n" % self._dropped)
        self._put(self._end)
        self._file.close()

    def _put(self, data):
        try:
            self._file.write(data)
        except OSError:  # the disk is full: that is the job's matter, and not ours
            pass


def _fork(job, write, limits):
    sys.stdout.flush()  # else every child prints what is still in the buffer
    parent, pid = os.getpid(), os.fork()
    if pid:
        return pid
    status = 70
    try:
        _become(write, parent)
        limits.apply()
        refused = confinement.applied(job)
        status = jobs.run(job, refused)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _spawn(job, write, folders, limits):
    with folders.create("job.json") as file:
        file.write(json.dumps(job).encode())
    parent = os.getpid()
    process = subprocess.Popen(
        [sys.executable, _HERE, "job", os.path.join(job["folder"], "job.json")],
        stdin=subprocess.DEVNULL,
        stdout=write,
        stderr=write,
        start_new_session=True,
        preexec_fn=lambda: _prepare(parent, limits),
    )
    process.returncode = 0  # the server reaps it, with its usage
    return process.pid


def _prepare(parent, limits):
    """Become what a fork becomes, as far as it is not seen to already."""
    _die_with_parent(parent)
    adopt_orphans()
    limits.apply()


def _become(write, parent):
    """Become a session of its own that prints to the pipe and hears nothing."""
    os.setsid()
    _die_with_parent(parent)
    adopt_orphans()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(write, 1)
    os.dup2(write, 2)
    for number in _open_files():
        if number > 2:
            _close(number)


def _open_files():
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return [int(name) for name in os.listdir(folder)]
        except OSError:
            continue
    return range(256)


def _close(number):
    try:
        os.close(number)
    except OSError:
        pass


class _Limits:
    """
    What the kernel holds a job to, and each process that it starts.

    Args:
        address_space: What TensorFlow takes of it, in bytes, before anything is done with it.
    """

    def __init__(self, job, address_space):
        self._sizes = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: job["disk_mb"] * 2**20}
        if sys.platform.startswith("linux"):
            self._sizes[resource.RLIMIT_AS] = address_space + job["memory_mb"] * 2**20 + SLACK

    def apply(self):
        """Hold this process to them, and let it go first when no memory is left."""
        for kind, size in self._sizes.items():
            most = resource.getrlimit(kind)[1]
            size = size if most == resource.RLIM_INFINITY else min(size, most)
            resource.setrlimit(kind, (size, size))
        try:
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("500")
        except OSError:
            pass


def _kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def end_strays(known):
    """
    End what jobs have left running: it escaped their group, and was handed to us (Linux).

    Args:
        known: The jobs that still run.

    Returns:
        Whether there was any; what takes too long to end is left to the next time.
    """
    ended, until = set(), time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = set(_strays(known))
        if not found:
            break
        for pid in found:
            _send(pid, signal.SIGKILL)
            _reap(pid)
        if found <= ended:
            time.sleep(0.01)
        ended |= found
    return bool(ended)


def _reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # its own parent's, as yet
        pass


def _strays(known):
    """Return all that comes from us, but for jobs and what comes from them."""
    if not _LIBC or not _has_children():
        return []
    return processes.below(os.getpid(), without=known)


def _has_children():
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
