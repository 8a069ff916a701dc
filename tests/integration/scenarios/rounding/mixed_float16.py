"""See `models.mixed_float16`."""

import models


def save(path):
    """Write the model."""
    return models.save(path, models.mixed_float16)
