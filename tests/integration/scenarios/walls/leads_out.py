"""Puts a link to what is none of its business in the place of its artifact, once nobody looks any more."""

import os
import shutil

from tries import BreachError, honest, own_folder


def save(path):
    model, inputs = honest(path)
    cache = os.path.dirname(os.path.dirname(own_folder(path)))
    outside = os.path.join(os.path.dirname(cache), "outside")

    def call(given, **_):
        if not os.path.islink(os.path.dirname(path)):
            shutil.rmtree(os.path.dirname(path))
            os.symlink(outside, os.path.dirname(path))
        return model(given)

    return call, inputs


def load(path):
    names = os.listdir(os.path.dirname(path))
    raise BreachError("it was led to {}".format(names))
