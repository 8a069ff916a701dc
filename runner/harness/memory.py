"""How much memory processes take (Linux)."""

import os
import resource

_MAPS = ("smaps_rollup", "smaps")  # since Linux 4.14, and before


def together(pids):
    """
    Return how much memory several processes take, in bytes, what they share counted once.

    What they share with others too counts for a part. Where the kernel does not say what is shared, it is what the
    largest has: none is to be ended for what it may not have.
    """
    alone = [resident(pid) for pid in pids]
    return max([sum(map(_portion, pids, alone))] + alone)


def resident(pid):
    """Return how much memory a process has, in bytes, what it shares included."""
    return _statm(pid)[1]


def address_space():
    """Return how much of its address space this process has mapped, in bytes."""
    return _statm(os.getpid())[0]


def _portion(pid, whole):
    """Return the part of a process's memory that is to count for it; all where it does not let us see."""
    for name in _MAPS:
        try:
            with open("/proc/%d/%s" % (pid, name)) as file:
                return 1024 * sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except PermissionError:
            return whole
        except (OSError, ValueError):
            continue
    return 0


def _statm(pid):
    try:
        with open("/proc/%d/statm" % pid) as file:
            return [int(pages) * resource.getpagesize() for pages in file.read().split()[:2]]
    except (OSError, ValueError):
        return [0, 0]
