"""Has four processes take a gigabyte each, in sessions of their own; none of them is over the limit."""

import os
import time


def save(path):
    for _ in range(4):
        if os.fork() == 0:
            os.setsid()
            kept = b"x" * 10**9
            time.sleep(60)
            os._exit(len(kept) and 0)
    time.sleep(60)
