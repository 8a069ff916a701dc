"""
Files that lie in memory (Linux): no process is larger for what it writes there, and they outlive all of them.

Their folder is common to all jobs and to other programs. What belongs to a job is what was made since it began, and is
held open by one of its processes when somebody looks; what is written and closed between two looks is not seen.
"""

import os
import time

FOLDER = "/dev/shm"
PAUSE = 0.5  # seconds between two looks
SHARE = 0.1  # of the time, at most, is spent looking


class Filed:
    """What a job keeps in files that lie in memory."""

    def __init__(self):
        self._before = frozenset(_names(FOLDER))
        self._seen = {}
        self._next = time.monotonic() + PAUSE

    def over(self, limit, pids):
        """Tell whether it is more than so many bytes, if it is time to look again."""
        if time.monotonic() < self._next:
            return False
        before = time.process_time()
        for pid in pids:
            self._seen.update(self._held(pid))
        self._next = time.monotonic() + max(PAUSE, (time.process_time() - before) / SHARE)
        return sum(map(_size, self._seen, self._seen.values())) > limit

    def remove(self):
        """Remove what the job has left of it."""
        for path in self._seen:
            try:
                os.unlink(path)
            except OSError:  # it was taken away, or had no name any more
                continue

    def _held(self, pid):
        """Give the files that a process holds open, each with where it holds it."""
        folder = "/proc/%d/fd/" % pid
        for name in _names(folder):
            try:
                path = os.readlink(folder + name)
            except OSError:  # it was closed meanwhile
                continue
            top, _, inside = path.partition(FOLDER + "/")
            if not top and inside.partition("/")[0] not in self._before:
                yield path, folder + name


def _names(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _size(path, handle):
    """Return how much a file takes, by its name or, where it has none any more, by who holds it."""
    for each in (path, handle):
        try:
            return os.stat(each).st_blocks * 512
        except OSError:
            continue
    return 0
