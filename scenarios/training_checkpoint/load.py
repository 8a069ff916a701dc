"""
Build the model from its code and restore the checkpoint into it, without asking whether all of
it was found.
"""

from save import build, checkpoint


def load(path):
    """Return the model as far as the checkpoint matched it."""
    model = build()
    checkpoint(model).read(path)
    return model
