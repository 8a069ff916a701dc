"""See `models.large_outputs`."""

import models


def save(path):
    """Write the model."""
    return models.save(path, models.large_outputs)
