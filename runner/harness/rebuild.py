"""The save script's own model, built again in the load environment, with the weights of the artifact in it."""

import contextlib
import os

from . import observe, scripts
from .repair import artifacts, weights

_WRITERS = ("save", "save_weights", "export")


def model(tf, message, file_format, changes, path):
    """
    Build the model of the save script, spoil its weights, and fill in those that are stored.

    Args:
        message: The job, with the scenario's folder and its save script.
        changes: A list that says afterwards how the weights came in.

    Raises:
        Exception: Whatever the script raises, and `weights.WeightsError` if the stored weights do not fit.
    """
    built = _built(tf, message)
    if artifacts.sniff(path) == "keras":
        file_format = "keras"  # whatever the suffix says
    weights.scramble(built)
    changes.append("weights put into the rebuilt model: " + weights.into(tf, built, file_format, path))
    return built


def _built(tf, message):
    """Run the save script for its model; that this version cannot write the format does not matter."""
    save = scripts.function(message["scenario"], message["save_script"], "save")
    path = os.path.join(message["folder"], "rebuilt", os.path.basename(message["path"]))
    os.makedirs(os.path.dirname(path))
    with _forgiving_writers(tf) as written:
        try:
            returned = save(path)
        except Exception:
            if not written:
                raise
            return written[-1]
    found = returned[0] if isinstance(returned, tuple) else returned
    return found if observe.keras_of(tf, found) or not written else written[-1]


@contextlib.contextmanager
def _forgiving_writers(tf):
    """Let every method that writes a model fail in silence, and note whose it was."""
    written, places = [], []
    for keras in observe.kerases(tf):
        for name in _WRITERS:
            method = getattr(keras.Model, name, None)
            if method is not None:
                owner = next(cls for cls in keras.Model.__mro__ if name in cls.__dict__)
                places.append((owner, name, owner.__dict__[name]))
    for owner, name, method in places:
        setattr(owner, name, _forgiving(method, written))
    try:
        yield written
    finally:
        for owner, name, method in reversed(places):
            setattr(owner, name, method)


def _forgiving(method, written):
    def write(self, *args, **kwargs):
        written.append(self)
        try:
            return method(self, *args, **kwargs)
        except Exception:
            return None

    return write
