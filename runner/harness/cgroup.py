"""What the kernel says about all processes that share our limits, such as those of a container (Linux)."""

COUNTERS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Where it counts what it killed as there was no memory left, with version 2 and version 1 of control groups."""

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
