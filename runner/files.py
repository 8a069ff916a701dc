"""Folders whose content others made: emptied and removed, whatever permissions were left behind."""

import errno
import os
import stat
import sys
import time
import uuid
from contextlib import suppress
from io import BufferedReader
from itertools import islice
from pathlib import Path

from runner.writing import unwritable

_PATIENCE = (0.05, 0.1, 0.2, 0.4)
"""Seconds to wait for what still writes into a folder: it has been sent a signal, and needs a moment to end."""

_FEW = 32
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def remove(folder: Path) -> None:
    """
    Remove a folder and all in it, what is closed to us too; one that is not there is no error.

    A link is removed and never followed: a job may have put one in the place of its folder. Nor does it matter how deep
    folders are in folders: each is moved up before it is looked into.
    """
    for seconds in _PATIENCE:
        _try_to_remove(folder)
        if not os.path.lexists(folder):
            return
        time.sleep(seconds)


def remove_few(folder: Path) -> bool:
    """
    Remove a folder if that takes no time: with a few files and empty folders in it, as most jobs leave behind.

    Returns:
        Whether it is gone.
    """
    with suppress(OSError):
        top = os.open(folder, _FOLDER)
        try:
            entries = _entries(top, _FEW + 1)
            gone = len(entries) <= _FEW and all(_removed_at_once(entry, top) for entry in entries)
        finally:
            os.close(top)
        if gone:
            folder.rmdir()
            return True
    return False


def _removed_at_once(entry: "os.DirEntry[str]", top: int) -> bool:
    remove_it = os.rmdir if entry.is_dir(follow_symlinks=False) else os.unlink
    with suppress(OSError):
        remove_it(entry.name, dir_fd=top)
        return True
    return False


def _try_to_remove(folder: Path) -> None:
    with suppress(OSError):
        if folder.is_symlink():
            folder.unlink()
            return
        top = _entered(str(folder), None)
        try:
            while sum(_removed(entry, top) for entry in _entries(top)):
                pass
        finally:
            os.close(top)
        folder.rmdir()


def _removed(entry: "os.DirEntry[str]", top: int) -> bool:
    """Remove an entry of an open folder, to which the folders in it are moved; tell whether it is gone."""
    try:
        if _removed_at_once(entry, top):
            return True
        _empty(entry.name, top)
        os.rmdir(entry.name, dir_fd=top)
    except OSError:
        return False
    return True


def _empty(name: str, top: int) -> None:
    """Move the folders in one up, and remove what else is in it."""
    inside = _entered(name, top)
    try:
        for each in _entries(inside):
            _taken_out(each, inside, top)
    finally:
        os.close(inside)


def _taken_out(entry: "os.DirEntry[str]", folder: int, top: int) -> None:
    if entry.is_dir(follow_symlinks=False):
        _let_in(entry.name, folder)  # else it could not be moved
        os.rename(entry.name, uuid.uuid4().hex, src_dir_fd=folder, dst_dir_fd=top)
    else:
        os.unlink(entry.name, dir_fd=folder)


def _entries(folder: int, most: int | None = None) -> "list[os.DirEntry[str]]":
    with os.scandir(folder) as entries:
        return list(islice(entries, most))


def _entered(name: str, parent: int | None) -> int:
    _let_in(name, parent)
    return os.open(name, _FOLDER, dir_fd=parent)


def _let_in(name: str, parent: int | None) -> None:
    """Open up a folder that is closed to us."""
    if sys.platform != "linux":
        os.chmod(name, stat.S_IRWXU, dir_fd=parent, follow_symlinks=False)
        return
    closed = os.open(name, _FOLDER | os.O_PATH, dir_fd=parent)
    try:
        if os.fstat(closed).st_mode & stat.S_IRWXU != stat.S_IRWXU:
            Path(f"/proc/self/fd/{closed}").chmod(stat.S_IRWXU)
    finally:
        os.close(closed)


def emptied(folder: Path) -> Path:
    """
    Return the folder, new and empty.

    Raises:
        OutputError: If it cannot be made.
    """
    for _ in _PATIENCE:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            remove(folder)  # and again, where what still writes there makes it anew
        except OSError as error:
            raise unwritable(folder, error) from error
        else:
            return folder
    raise unwritable(folder, FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)))


class TooLargeError(Exception):
    """There is more in it than it may be."""


def read_left(path: Path, most: int) -> bytes:
    """
    Return what is in a file that a job has left; what is added to it meanwhile is left out.

    Args:
        most: Bytes that it may have.

    Raises:
        OSError: If it is not there, or is no regular file.
        TooLargeError: If it has more.
    """
    descriptor, size = _opened(path)
    try:
        if size > most:
            raise TooLargeError(str(path))
        data = os.read(descriptor, size)
        while len(data) < size and (more := os.read(descriptor, size - len(data))):  # at once it gives 2 GiB
            data += more
        return data
    finally:
        os.close(descriptor)


def open_left(path: Path) -> BufferedReader:
    """
    Open a file that a job has left: a regular one, as a link may lead anywhere and a pipe never ends.

    Raises:
        OSError: If it is not there, or something else.
    """
    return os.fdopen(_opened(path)[0], "rb")


def _opened(path: Path) -> tuple[int, int]:
    """Return the descriptor of a regular file, and its size."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return descriptor, status.st_size
