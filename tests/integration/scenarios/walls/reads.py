"""Looks for what others have saved, in all the file system and through every process that it sees."""

import ctypes
import errno
import os
import re
import time

import tensorflow as tf
from tries import Tries, honest, own_folder

KNOWN = re.compile(r"(\.h5|\.keras|saved_model\.pb|observation\.json|arrays\.npz)$")
LIBC = ctypes.CDLL(None, use_errno=True)


def save(path):
    found = honest(path)
    for _ in range(3):  # as others come and go
        _look(own_folder(path), given=0)
        time.sleep(0.5)
    return found


def load(path):
    _look(own_folder(path), given=1)
    return tf.keras.models.load_model(path)


def _look(own, given):
    tries = Tries(20)
    names = [os.path.dirname(file) for file in _artifacts(own)]
    elsewhere = {name[: -len("/artifact")] if name.endswith("/artifact") else name for name in names}
    tries.same("folders of others with artifacts", [], sorted(elsewhere)[given:])  # a load may find that of its save
    for folder in (os.path.dirname(own), os.path.dirname(os.path.dirname(own))):
        tries.refused("list of {}".format(folder), os.listdir, folder)
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]:
        _look_into(tries, pid)
    tries.end()


def _look_into(tries, pid):
    for name in ("environ", "mem", "maps", "io"):
        tries.refused("{} of {}".format(name, pid), _read, "/proc/{}/{}".format(pid, name))
    for name in ("cwd", "root", "exe", "fd/0", "fd/1"):
        tries.refused("{} of {}".format(name, pid), os.readlink, "/proc/{}/{}".format(pid, name))
    tries.refused("trace of {}".format(pid), _attach, pid)


def _attach(pid):
    if LIBC.ptrace(16, pid, None, None):
        raise OSError(ctypes.get_errno(), "ptrace")


def _read(path):
    with open(path, "rb") as file:
        found = file.read(64)
    if not found:  # it has just ended, and has no memory any more
        raise OSError(errno.ESRCH, "nothing to read")
    return found


def _artifacts(own):
    """Find all artifacts and observations that are not in the folder of this job."""
    found = set()
    for place in ["/", *_guesses(own)]:
        for folder, folders, names in os.walk(place):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", own)]
            if "/site-packages" not in folder and folder != own:
                found.update(os.path.join(folder, name) for name in names if KNOWN.search(name))
    return found


def _guesses(own):
    """Give the places that the table of mounts tells of, and those above its own."""
    found, above = set(), own
    with open("/proc/self/mountinfo") as file:
        for line in file:
            found.update(line.split()[3:5])
    while above != "/":
        above = os.path.dirname(above)
        found.add(above)
    return sorted(place for place in found if place.startswith("/") and not (place + "/").startswith(own + "/"))
