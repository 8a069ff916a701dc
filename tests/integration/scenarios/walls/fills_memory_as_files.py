"""Puts as much as it can into each of the folders that are in memory, and leaves it there."""

import os

from tries import BreachError, honest

MUCH = 600  # MiB


def save(path):
    found = honest(path)
    for folder in ("/dev/shm", "/tmp", os.environ["HOME"]):
        if _fill(folder) >= MUCH:
            raise BreachError("there is no end of {}".format(folder))
    return found


def _fill(folder):
    """Return how many MiB there was room for."""
    for written in range(MUCH):
        try:
            with open(os.path.join(folder, "of_the_filler"), "ab", 0) as file:
                file.write(b"x" * 2**20)
        except OSError as error:
            print(folder, written, error)
            return written
    return MUCH
