"""Who started whom (Linux)."""

import os


def below(ancestor, without=()):
    """
    Return what a process has started, and what that has, and so on.

    Args:
        without: Processes to leave out, with all that they started.
    """
    children = {}
    for pid in everyone():
        children.setdefault(_parent(pid), []).append(pid)
    found, left = [], [ancestor]
    while left:
        new = [pid for pid in children.pop(left.pop(), []) if pid not in without]
        found += new
        left += new
    return found


def everyone():
    """Return all processes that we see."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _parent(pid):
    try:
        with open("/proc/%d/stat" % pid, errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None
