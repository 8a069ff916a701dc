"""Makes tensors until there are a hundred gigabytes of them."""

import tensorflow as tf


def save(path):
    kept = []
    while len(kept) < 10000:
        kept.append(tf.random.normal((2500000,)))
