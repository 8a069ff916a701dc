"""Who started whom (Linux)."""

import os
import time

PAUSE = 0.5  # seconds between two looks
SHARE = 0.1  # of the time, at most, is spent looking


class Family:
    """
    A process and what comes from it, looked at now and then.

    Attributes:
        pids: As of the last look.
    """

    def __init__(self, pid):
        self.pids = [pid]
        self._next = time.monotonic() + PAUSE

    def look(self):
        """Look, if it is time to."""
        started = time.monotonic()
        if started < self._next:
            return
        self.pids = self.pids[:1] + below(self.pids[0])
        ended = time.monotonic()
        self._next = ended + max(PAUSE, (ended - started) / SHARE)


def below(ancestor, without=()):
    """
    Return what a process has started, and what that has, and so on.

    Args:
        without: Processes to leave out, with all that they started.
    """
    children = {}
    for pid in everyone():
        children.setdefault(_parent(pid), []).append(pid)
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


def _parent(pid):
    try:
        with open("/proc/%d/stat" % pid, errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None
