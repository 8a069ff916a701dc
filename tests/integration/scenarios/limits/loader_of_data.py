"""Shares TensorFlow and a gigabyte of data with six processes, which take no memory of their own."""

import os
import time

from honest import save as save_model


def save(path):
    data = b"x" * 10**9
    children = [os.fork() or _wait_and_leave(data) for _ in range(6)]
    for child in children:
        os.waitpid(child, 0)
    return save_model(path)


def _wait_and_leave(data):
    time.sleep(2)
    os._exit(data[-1] != ord("x"))
