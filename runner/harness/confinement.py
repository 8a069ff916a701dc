"""
Keep a job from the files, and from the processes, of the others.

The folders of all jobs of a run lie side by side, and the jobs may all be of one user and in one container: the kernel
(Landlock) keeps each of them to what is its own, and a filter of system calls (seccomp) closes what that leaves open.
What they do not keep a job from: to see whether a path exists and how large a file is, to change the times of a file
whose path it knows, and to use the network, which is the container's matter.
"""

import os

from . import landlock, seccomp

ENOUGH = 3
"""
The version of Landlock from which nothing can be shortened that cannot be written.

From version 6 on a job can send no signal to the server or to another job, either.
"""

_DEVICES = tuple("/dev/" + name for name in ("null", "zero", "full", "random", "urandom", "tty"))
_GPUS = ("nvidia", "dri", "kfd")
"""How the names of devices begin that are computed on."""

_SHARED = ("/dev/shm", "/tmp")
"""
Folders that all may write to: libraries and scripts name them outright.

All jobs that have them in common can meet there; nothing of the harness is kept there while jobs run.
"""


class ConfinementError(OSError):
    """A job could not be kept from the others, so it was not run."""


def able():
    """Tell whether this kernel lets us confine a job."""
    return landlock.version() >= ENOUGH and seccomp.able()


def applied(message):
    """
    Confine this process, which has no other threads yet, to what its job needs, if the job says what to hide from it.

    Returns:
        None, or the error for which the job must not be run.
    """
    if not message.get("hide"):
        return None
    try:
        os.nice(19)  # the server must get its turn beside many processes
        confine(message["hide"], _given(message), own_folders(message))
    except ConfinementError as error:
        return error
    return None


def own_folders(message):
    """Return the folders that a job writes to: its own, and that of a target which lies elsewhere."""
    folder, target = message["folder"], message.get("target")
    return [folder] if not target or _within(target, folder) else [folder, os.path.dirname(target)]


def _given(message):
    """Return what a job is given to read."""
    found = [message.get(name) for name in ("artifact", "saved", "scenario")]
    script = message.get("save_script")
    return [path for path in found if path] + ([os.path.dirname(script)] if script and os.path.isabs(script) else [])


def confine(hidden, readable, writable):
    """
    Let this process, and what it starts, read and run what is not hidden, and write nowhere but where it may.

    A folder on the way to a hidden one can be passed, not listed; nor can be read what is put in it later.

    Args:
        hidden: Folders that are there or will be.
        readable: Files and folders to read, also below hidden ones; a link is not followed.
        writable: The same, to write too. Besides, ``/dev/null`` and its like, ``/dev/shm`` and ``/tmp`` are writable as
            long as nothing hidden is in them.

    Raises:
        ConfinementError: If the kernel refuses.
    """
    hidden = [os.path.realpath(path) for path in hidden]
    try:
        rules = landlock.Ruleset()
        for path in list(_shown("/", hidden)) + list(readable):
            rules.allow(path, landlock.READ)
        for path in list(_common(hidden)) + list(writable):
            rules.allow(path, landlock.WRITE)
        rules.restrict()
        seccomp.restrict()
    except OSError as error:
        raise ConfinementError("the kernel does not confine it ({})".format(error.strerror))


def _shown(path, hidden):
    """Give the largest files and folders below a path that neither are hidden nor contain what is."""
    if not any(_within(each, path) for each in hidden):
        yield path
    elif path not in hidden:
        for name in _names(path):
            yield from _shown(os.path.join(path, name), hidden)


def _common(hidden):
    gpus = tuple("/dev/" + name for name in _names("/dev") if name.startswith(_GPUS))
    for path in _DEVICES + gpus + _SHARED:
        if not any(_within(path, each) or _within(each, path) for each in hidden):
            yield path


def _names(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _within(path, folder):
    return path == folder or path.startswith(os.path.join(folder, ""))
