"""
Build the model with the vocabulary that the code has, and load the weights into it.
"""

from save import build


def load(path):
    """Return the model; the number of words is right, their order is not."""
    model = build(["Bern", "Oslo", "Turin", "Zagreb"])
    model.load_weights(path)
    return model
