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
    _links(outside)
    os.mkfifo("fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    _closed()
    _immutable("setuid")
    return found


def _closed():
    """Make what is closed from the start, and what would be closed if modes could be changed."""
    os.umask(0)
    for name, mode in (("setuid", 0o6777), ("unreadable", 0)):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, mode))
    for name, mode in (("unlisted", 0o300), ("unlisted/shut", 0), ("read_only", 0o500), ("changed", 0o700)):
        os.mkdir(name, mode)
    os.chmod("changed", 0)


def _odd_names():
    for name in (b"\xff\xfe", b"new\nline", b"\x1b[31m", b" ", b"-rf", b"x" * 255, b"\xed\xa0\x80"):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
        os.mkdir(name[:200] + b".d")


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
