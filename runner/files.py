"""Folders whose content others made: emptied and removed, whatever permissions were left behind."""

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from runner.writing import unwritable


def remove(folder: Path) -> None:
    """
    Remove a folder and all in it, what is closed to us too; one that is not there is no error.

    A link is removed and never followed: a job may have put one in the place of its folder.
    """
    with suppress(OSError):
        if folder.is_symlink():
            folder.unlink()
    _open_up(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _open_up(folder: Path) -> None:
    """Let us into the folders that are closed to us."""
    left = [folder]
    while left:
        each = left.pop()
        with suppress(OSError):
            mode = each.lstat().st_mode
            if stat.S_ISDIR(mode):
                if mode & stat.S_IRWXU != stat.S_IRWXU:
                    each.chmod(stat.S_IRWXU)
                left.extend(Path(entry) for entry in os.scandir(each) if entry.is_dir(follow_symlinks=False))


def emptied(folder: Path) -> Path:
    """
    Return the folder, new and empty.

    Raises:
        OutputError: If it cannot be made.
    """
    remove(folder)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


def open_left(path: Path) -> BinaryIO:
    """
    Open a file that a job has left: a regular one, as a link may lead anywhere and a pipe never ends.

    Raises:
        OSError: If it is not there, or something else.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return os.fdopen(descriptor, "rb")
