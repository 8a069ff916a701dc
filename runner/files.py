"""Folders whose content others made: emptied and removed, whatever permissions were left behind."""

import os
import shutil
from pathlib import Path


def remove(folder: Path) -> None:
    """Remove a folder and all in it; a read-only one too, and one that is not there is no error."""
    for path, _, _ in os.walk(folder):
        Path(path).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def emptied(folder: Path) -> Path:
    """Return the folder, new and empty."""
    remove(folder)
    folder.mkdir(parents=True)
    return folder
