"""See `models.layer_norm`."""

import models


def save(path):
    """Write the model."""
    return models.save(path, models.layer_norm)
