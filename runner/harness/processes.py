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
        if time.monotonic() < self._next:
            return
        before = time.process_time()  # not what it takes by the clock, which grows with those that are looked for
        self.pids = self.pids[:1] + below(self.pids[0])
        self._next = time.monotonic() + max(PAUSE, (time.process_time() - before) / SHARE)


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
