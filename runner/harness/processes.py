"""Who started whom, and what they take together (Linux)."""

import os
import threading
import time

from . import memory

PAUSE = 0.5  # seconds between two looks
SHARE = 0.1  # of the time, at most, is spent looking


class Family:
    """
    A process and what comes from it, looked at now and then.

    Args:
        most: How many it may be; what more than that take is not asked.

    Attributes:
        pids: As of the last look.
    """

    def __init__(self, pid, most):
        self.pids = [pid]
        self._most = most
        self._of_first = self._of_all = 0
        self._measuring = threading.Thread()
        self._next = self._next_measured = time.monotonic() + PAUSE

    @property
    def memory(self):
        """Return the most that they had together at any look, in bytes; the first is looked at by itself each time."""
        return max(self._of_first, self._of_all)

    def look(self):
        """Look, at all of them if it is time to."""
        self._of_first = max(self._of_first, memory.resident(self.pids[0]))
        if time.monotonic() < self._next:
            return
        before = time.process_time()  # not what it takes by the clock, which grows with those that are looked for
        self.pids = self.pids[:1] + below(self.pids[0], alive=True)
        self._next = time.monotonic() + max(PAUSE, (time.process_time() - before) / SHARE)
        if 1 < len(self.pids) <= self._most and time.monotonic() >= self._next_measured:
            self._begin_to_measure()

    def _begin_to_measure(self):
        """
        Ask the kernel for their memory in a thread.

        It says nothing about a process that forks before the fork is done, which one of many may keep from ending.
        """
        if not self._measuring.is_alive():
            self._measuring = threading.Thread(target=self._measure, args=(self.pids,), daemon=True)
            self._measuring.start()

    def _measure(self, pids):
        before = time.process_time()
        self._of_all = max(self._of_all, memory.together(pids))
        self._next_measured = time.monotonic() + (time.process_time() - before) / SHARE

    def too_many(self):
        """Tell whether more of them are alive; what has ended and is not asked for any more does no harm."""
        return len(self.pids) > self._most


def below(ancestor, without=(), alive=False):
    """
    Return what a process has started, and what that has, and so on.

    Args:
        without: Processes to leave out, with all that they started.
        alive: Whether to leave out what has ended, and only waits to be asked for.
    """
    children = {}
    for pid in everyone():
        state, parent = _stat(pid)
        if not alive or state not in "ZX":
            children.setdefault(parent, []).append(pid)
    found, left = [], [ancestor]
    while left:
        new = [pid for pid in children.pop(left.pop(), []) if pid not in without]
        found += new
        left += new
    return found


def everyone():
    """Return all processes that we see."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _stat(pid):
    """Return the state of a process, and who started it: nobody has started one that has gone meanwhile."""
    try:
        with open("/proc/%d/stat" % pid, errors="replace") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
            return state, int(parent)
    except (OSError, ValueError):
        return "X", -1
