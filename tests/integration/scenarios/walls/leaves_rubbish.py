"""Leaves what is hard to look at, and hard to remove."""

import ctypes
import fcntl
import os
import socket

from tries import honest, own_folder

LIBC = ctypes.CDLL(None, use_errno=True)


def save(path):
    found = honest(path)
    cache = os.path.dirname(os.path.dirname(own_folder(path)))
    outside = os.path.join(os.path.dirname(cache), "outside")
    _odd_names()
    _deep()
    _links(outside)
    os.mkfifo("fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    for name, mode in (("setuid", 0o6777), ("unreadable", 0)):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
        os.chmod(name, mode)
    _immutable("setuid")
    for folder in ("closed/inside/it", "read_only/inside"):
        os.makedirs(folder)
    os.chmod("read_only", 0o500)
    for folder in ("closed/inside/it", "closed/inside", "closed", os.path.join(own_folder(path), "tmp")):
        os.chmod(folder, 0)
    return found


def _odd_names():
    for name in (b"\xff\xfe", b"new\nline", b"\x1b[31m", b" ", b"-rf", b"x" * 255, b"\xed\xa0\x80"):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
        os.mkdir(name[:200] + b".d")


def _deep():
    """Make folders in folders, far beyond the longest path and the deepest call."""
    here = os.open(".", os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deeper")
        os.chdir("deeper")
    os.fchdir(here)
    os.close(here)


def _links(outside):
    for number, target in enumerate((outside, os.path.join(outside, "kept"), "/", "/etc/passwd", ".", "..")):
        os.symlink(target, "link{}".format(number))
    for target in (os.path.join(outside, "kept"), "/etc/passwd", __file__):
        try:
            os.link(target, "hard")
        except OSError as error:
            print(error)


def _immutable(name):
    with open(name) as file:
        try:
            fcntl.ioctl(file, 0x40086602, (0x10).to_bytes(8, "little"))
        except OSError as error:
            print(error)
