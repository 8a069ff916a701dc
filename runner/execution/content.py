"""What is in a folder that a job has left, as a digest: a byte that changed is found."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from runner.files import TooLargeError, open_left


def content(folder: Path, most: int) -> str:
    """
    Return a digest of the names, kinds, modes and contents of all that is in a folder; times do not count.

    No link is followed. It reads everything once, as any load of it will.

    Args:
        most: Bytes that all files together may have.

    Raises:
        TooLargeError: If they have more, as files say of which most was never written.
    """
    if folder.is_symlink():
        return "a link"
    digest = hashlib.sha256()
    for path in _inside(folder):
        said, size = _described(path, most)
        most -= size
        for part in (os.fsencode(path.relative_to(folder)), said.encode(errors="surrogateescape")):
            digest.update(f"{len(part)} ".encode() + part)
    return digest.hexdigest()


def _inside(folder: Path) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError:  # closed to us, or too deep: that it is there is told already
            continue
        for entry in inside:
            yield Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))


def _described(path: Path, most: int) -> tuple[str, int]:
    """Return what a file is, with the digest of its content, and how large it is."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return f"link {path.readlink()}", 0
        if not stat.S_ISREG(status.st_mode):
            return str(status.st_mode), 0
        if status.st_size > most:
            raise TooLargeError(str(path))
        with open_left(path) as file:
            return f"{status.st_mode} {hashlib.file_digest(file, 'sha256').hexdigest()}", status.st_size
    except OSError as error:
        return str(error.strerror), 0
