"""What the kernel says about the memory of all processes that share our limit, such as those of a container (Linux)."""

COUNTERS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Where it says so, with version 2 and version 1 of control groups."""


def kills():
    """Return how many processes were killed as there was no memory left; 0 where nobody counts."""
    for path in COUNTERS:
        try:
            with open(path) as file:
                counts = dict(line.split() for line in file)
            return int(counts["oom_kill"])
        except (OSError, ValueError, KeyError):
            continue
    return 0
