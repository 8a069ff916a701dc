"""See `models.float64`."""

import models


def save(path):
    """Write the model."""
    return models.save(path, models.float64)
