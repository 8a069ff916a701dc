"""Takes all memory that it can get."""

import time

import numpy as np


def save(path):
    kept = []
    while True:
        kept.append(np.ones(2**22))
        time.sleep(0.005)
