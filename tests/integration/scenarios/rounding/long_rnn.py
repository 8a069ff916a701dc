"""See `models.long_rnn`."""

import models


def save(path):
    """Write the model."""
    return models.save(path, models.long_rnn)
