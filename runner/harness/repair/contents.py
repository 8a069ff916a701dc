"""What lies where an artifact should be, in words, by its first bytes: a loader of a wrong file may mislead."""

import os
import zipfile

_STARTS = (
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"version https://git-lfs", "a pointer of Git LFS"),
    (b"\x1f\x8b", "packed with gzip"),
)
_WEB = (b"<!doctype", b"<html", b"<?xml", b"<head")


def told(path):
    """Return what is at `path`, such as ``HDF5``, ``an empty file`` or ``a zip archive that is cut off``."""
    if os.path.isdir(path):
        names = os.listdir(path)
        return "a directory" if names else "an empty directory"
    if not os.path.isfile(path):
        return "a prefix of files" if os.path.exists(path + ".index") else "nothing"
    with open(path, "rb") as file:
        start = file.read(512)
    return _told_file(path, start)


def _told_file(path, start):
    if not start:
        return "an empty file"
    if not start.strip(b"\0"):
        return "a file of zeros"
    if start[:2] == b"PK":
        return "a zip archive" if zipfile.is_zipfile(path) else "a zip archive that is cut off"
    if start[4:8] == b"TFL3":
        return "TensorFlow Lite"
    if start.lstrip().lower().startswith(_WEB):
        return "a web page"
    return next((name for begins, name in _STARTS if start.startswith(begins)), "none of the known formats")
