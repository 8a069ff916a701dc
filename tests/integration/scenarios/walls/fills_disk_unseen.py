"""Writes more than there may be into files that have no name any more."""

import os
import time


def save(path):
    kept = []
    for _ in range(60):
        file = open("nameless", "wb", 0)
        kept.append(file)
        os.remove("nameless")
        for _ in range(20):
            file.write(b"x" * 2**20)
        time.sleep(0.1)
    raise RuntimeError("1.2 GB were written")
