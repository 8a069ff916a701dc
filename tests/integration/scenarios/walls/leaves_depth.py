"""Leaves folders in folders, far beyond the longest path and the deepest call."""

import os

from tries import honest


def save(path):
    found = honest(path)
    here = os.open(".", os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deeper")
        os.chdir("deeper")
    os.fchdir(here)
    os.close(here)
    return found
