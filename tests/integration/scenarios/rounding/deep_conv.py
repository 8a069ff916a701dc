"""See `models.deep_conv`."""

import models


def save(path):
    """Write the model."""
    return models.save(path, models.deep_conv)
