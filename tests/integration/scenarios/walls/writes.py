"""Writes where it should not: into the system, its environment, the harness, its own scripts, the cache, other jobs."""

import ctypes
import os
import sys
import tempfile

from tries import Tries, honest, own_folder

LIBC = ctypes.CDLL(None, use_errno=True)


def save(path):
    tries = Tries(25)
    own = own_folder(path)
    for folder in _forbidden(own):
        tries.refused("new file in {}".format(folder), _write, os.path.join(folder, "intruder"))
        tries.refused("new folder in {}".format(folder), os.mkdir, os.path.join(folder, "intruder.d"))
    for file in (__file__, tempfile.__file__, os.path.realpath(sys.executable), "/etc/passwd", "/proc/1/oom_score_adj"):
        tries.refused("append to {}".format(file), _append, file)
    tries.refused("rename of its own folder", os.rename, own, own + ".moved")
    tries.refused("mount", _call, "mount", b"none", b"/etc", b"tmpfs", 0, None)
    tries.refused("remount", _call, "mount", b"none", b"/", None, 32 | 4096, None)
    tries.refused("namespaces", _call, "unshare", 0x10000000)
    tries.refused("another root", os.chroot, own)
    tries.refused("a device", os.mknod, os.path.join(own, "device"), 0o60666, os.makedev(254, 0))
    tries.refused("another user", os.chown, os.path.join(own, "phase"), 12345, 12345)
    tries.end()
    return honest(path)


def _forbidden(own):
    """Give the folders that are none of its business."""
    harness = [os.path.dirname(sys.modules[name].__file__) for name in sys.modules if name.endswith("harness")]
    packages = os.path.dirname(os.path.dirname(sys.modules["tensorflow"].__file__))
    here = os.path.dirname(os.path.abspath(__file__))
    cache = os.path.dirname(os.path.dirname(own))
    above = [os.path.dirname(own), cache, os.path.dirname(cache), os.path.join(cache, "scratch")]
    fixed = [
        "/",
        "/etc",
        "/usr/local",
        "/root",
        "/home",
        os.environ["HOME"],
        "/var/tmp",
        "/proc/self",
        "/sys/fs/cgroup",
    ]
    return fixed + harness + [packages, here, sys.prefix] + above


def _write(path):
    with open(path, "w") as file:
        file.write("I was here")


def _append(path):
    with open(path, "ab") as file:
        file.write(b"# I was here")


def _call(name, *arguments):
    if getattr(LIBC, name)(*arguments):
        raise OSError(ctypes.get_errno(), name)
