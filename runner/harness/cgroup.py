"""What the kernel says about all processes that share our limits, such as those of a container (Linux)."""


def _own():
    """Give where our own group is, which in a container has another name than we see, and is at the top."""
    try:
        with open("/proc/self/cgroup") as file:
            groups = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:
        return
    for number, kinds, path in groups:
        if number == "0":
            yield "/sys/fs/cgroup%s/memory.events" % path.rstrip("/")
        elif "memory" in kinds.split(","):
            yield "/sys/fs/cgroup/memory%s/memory.oom_control" % path.rstrip("/")


COUNTERS = tuple(_own()) + (
    "/sys/fs/cgroup/memory.events",
    "/sys/fs/cgroup/memory/memory.oom_control",
    "/proc/vmstat",
)
"""
Where it counts what it killed as there was no memory left.

That is with version 2 and version 1 of control groups, and for the whole machine.
"""

FORKS = ("/sys/fs/cgroup/pids.events", "/sys/fs/cgroup/pids/pids.events")
"""Where it counts what could not be started as there were too many processes."""


def kills():
    """Return how many processes were killed as there was no memory left; 0 where nobody counts."""
    return _count(COUNTERS, "oom_kill")


def refusals():
    """Return how many processes and threads could not be started; 0 where nobody counts."""
    return _count(FORKS, "max")


def _count(paths, name):
    for path in paths:
        try:
            with open(path) as file:
                counts = dict(line.split() for line in file)
            return int(counts[name])
        except (OSError, ValueError, KeyError):
            continue
    return 0
