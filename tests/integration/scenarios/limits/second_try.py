"""Crashes in a fork, and makes a tensor of a hundred gigabytes in the fresh process that follows."""

import os
import sys

import tensorflow as tf


def save(path):
    if "job" not in sys.argv:
        os.abort()
    tf.ones((25 * 10**9,))
