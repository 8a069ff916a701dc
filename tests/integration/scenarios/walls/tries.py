"""What hostile scripts have in common: an honest model, and a list of what must not be possible."""

import os

import numpy as np
import tensorflow as tf


def honest(path):
    """Save a small model, as a script does that has nothing to hide."""
    model = tf.keras.Sequential([tf.keras.layers.Dense(3, input_shape=(4,)), tf.keras.layers.Dense(2)])
    model.save(path)
    return model, np.ones((2, 4), "float32")


def own_folder(path):
    """Return the folder of the job that saves to a path."""
    return os.path.dirname(os.path.dirname(path))


class BreachError(Exception):
    """Something was possible that must not be."""


class Tries:
    """
    What was tried, each with what came of it.

    Args:
        least: How many there must be in the end; fewer would show that nothing was proved.
    """

    def __init__(self, least):
        self._least = least
        self._held, self._broken = [], []

    def refused(self, what, work, *arguments):
        """Try something that the system must refuse."""
        try:
            got = work(*arguments)
        except (OSError, ValueError) as error:
            self._held.append(what)
            print("held:", ascii(what), type(error).__name__, ascii(str(error)), flush=True)
        else:
            self.same(what, "refused", ascii(got)[:200])

    def same(self, what, wanted, found):
        """Compare something with what it must be."""
        if wanted == found:
            self._held.append(what)
        else:
            self._broken.append("{}: {!a}, not {!a}".format(what, found, wanted))

    def end(self):
        """Say what was possible, if anything was."""
        if self._broken:
            raise BreachError("; ".join(self._broken))
        if len(self._held) < self._least:
            raise BreachError("only {} things were tried".format(len(self._held)))
