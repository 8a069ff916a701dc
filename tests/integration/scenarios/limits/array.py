"""Makes an array of a hundred gigabytes."""

import numpy as np


def save(path):
    np.ones(10**11, "int8")
