"""
The folders of a job that runs, as its server sees them: held open, and no link in them followed.

A job may put anything in the place of its files.
"""

import os
import stat
import time

PAUSE = 0.5  # seconds between two looks
SHARE = 0.1  # of the time, at most, is spent looking
ENTRIES = 100000
ROOM = 65536  # bytes that a disk has left which had no room for more
DEPTH = 256  # folders in folders, each of which is open while we are in it
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class Folders:
    """
    The folders that a job writes to.

    Args:
        paths: Its own first.
        limit: How many bytes they may take up on the disk, all together.

    Raises:
        OSError: If one is not there, or is a link.
    """

    def __init__(self, paths, limit):
        self._limit = limit
        self._next = time.monotonic() + PAUSE
        self._handles = []
        try:
            for path in paths:
                self._handles.append(os.open(path, _FOLDER))
        except OSError:
            self.close()
            raise

    def create(self, name):
        """Return a new file in the job's own folder; there must be none of that name."""
        return os.fdopen(os.open(name, _NEW, 0o666, dir_fd=self._handles[0]), "wb", 0)

    def soon_full(self, pids):
        """
        Tell whether they are over the limit, if it is time to look again.

        Args:
            pids: Processes of the job, which may hold files open that have no name any more.
        """
        started = time.monotonic()
        if started < self._next:
            return False
        full = self.full(pids)
        ended = time.monotonic()
        self._next = ended + max(PAUSE, (ended - started) / SHARE)
        return full

    def full(self, pids=()):
        """Tell whether they are over the limit: of bytes, or of what can be looked at in a reasonable time."""
        count = _Count(self._limit)
        try:
            for handle in self._handles:
                count.add(handle, 0)
            for each in pids:
                count.add_nameless(each, os.fstat(self._handles[0]).st_dev)
        except _OverError:
            return True
        except OSError:  # nothing can be said, which must not end the server
            return False
        return False

    def disk_is_full(self):
        """Tell whether there is no room left on the disk, whoever has filled it."""
        disk = os.fstatvfs(self._handles[0])
        free = disk.f_bfree if os.geteuid() == 0 else disk.f_bavail
        return free * disk.f_frsize < ROOM

    def close(self):
        """Let go of them."""
        for handle in self._handles:
            os.close(handle)


class _OverError(Exception):
    """There is no need to look further."""


class _Count:
    """What was found so far."""

    def __init__(self, limit):
        self._bytes, self._entries = limit, ENTRIES
        self._linked = set()

    def add(self, folder, depth):
        """Add all that is below an open folder."""
        if depth > DEPTH:
            raise _OverError
        _let_in(folder)
        with os.scandir(folder if os.scandir in os.supports_fd else "/proc/self/fd/%d" % folder) as entries:
            inside = [entry.name for entry in entries if self._add_entry(entry)]
        for name in inside:
            try:
                self._enter(name, folder, depth)
            except OSError:  # it has gone meanwhile
                continue

    def add_nameless(self, pid, device):
        """Add the files on a device that a process holds open, and that have no name any more."""
        try:
            files = os.listdir("/proc/%d/fd" % pid)
        except OSError:  # it has gone meanwhile, or does not let us see
            return
        for name in files:
            try:
                status = os.stat("/proc/%d/fd/%s" % (pid, name))
            except OSError:
                continue
            if status.st_nlink == 0 and status.st_dev == device and status.st_ino not in self._linked:
                self._linked.add(status.st_ino)
                self._spend(status.st_blocks * 512)

    def _add_entry(self, entry):
        """Add an entry; return whether it is a folder, whose content comes on top."""
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:  # it has gone meanwhile
            self._spend(0)
            return False
        counted = status.st_ino in self._linked
        self._spend(0 if counted else status.st_blocks * 512)
        is_folder = stat.S_ISDIR(status.st_mode)
        if status.st_nlink > 1 and not is_folder:
            self._linked.add(status.st_ino)
        return is_folder

    def _spend(self, size):
        self._bytes -= size
        self._entries -= 1
        if self._bytes < 0 or self._entries < 0:
            raise _OverError

    def _enter(self, name, parent, depth):
        closed = os.open(name, _FOLDER | getattr(os, "O_PATH", 0), dir_fd=parent)
        try:
            _let_in(closed)
            folder = os.open(name, _FOLDER, dir_fd=parent)
        finally:
            os.close(closed)
        try:
            self.add(folder, depth + 1)
        finally:
            os.close(folder)


def _let_in(folder):
    """Open up a folder that was closed to us, which would else be a place to hide what was written."""
    mode = stat.S_IMODE(os.fstat(folder).st_mode)
    if mode & 0o500 != 0o500:
        os.chmod("/proc/self/fd/%d" % folder, mode | 0o500)
