"""Meddles with what its neighbours need: their processes, their limits, the folders above theirs."""

import os
import resource
import signal
import stat

from tries import Tries, honest, own_folder


def save(path):
    own = own_folder(path)
    found = honest(path)
    tries = Tries(8)
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]:
        tries.refused("signal to {}".format(pid), os.kill, pid, signal.SIGKILL)
        tries.refused("limit of {}".format(pid), resource.prlimit, pid, resource.RLIMIT_FSIZE, (0, 0))
    for above in (os.path.dirname(own), os.path.dirname(os.path.dirname(own))):
        before = stat.S_IMODE(os.stat(above).st_mode)
        for mode in (0, 0o700 if before != 0o700 else 0o750):
            _try_mode(above, mode)
            tries.same("mode of {}".format(above), oct(before), oct(stat.S_IMODE(os.stat(above).st_mode)))
    tries.end()
    return found


def _try_mode(path, mode):
    """Change a mode, if that is possible."""
    try:
        os.chmod(path, mode)
    except OSError:
        pass
