"""Makes a tensor of a hundred gigabytes."""

import tensorflow as tf


def save(path):
    tf.ones((25 * 10**9,))
