"""See `models.mixed_bfloat16`."""

import models


def save(path):
    """Write the model."""
    return models.save(path, models.mixed_bfloat16)
