"""Dies of a segmentation fault."""

import ctypes


def save(path):
    ctypes.string_at(0)
