"""See `models.cancelling`."""

import models


def save(path):
    """Write the model."""
    return models.save(path, models.cancelling)
