"""See `models.sharp_softmax`."""

import models


def save(path):
    """Write the model."""
    return models.save(path, models.sharp_softmax)
