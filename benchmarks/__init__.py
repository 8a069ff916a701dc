"""What a run costs, and what it would cost otherwise: ``nox -s benchmark``."""
