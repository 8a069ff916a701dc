"""
Build the model from its code and load the weights into it.
"""

from save import build


def load(path):
    """Return the model with the saved weights."""
    model = build()
    model.load_weights(path)
    return model
