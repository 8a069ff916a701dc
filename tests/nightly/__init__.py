"""Tests that take long: only ``nox -s nightly`` runs them, and writes what they record to docs/nightly.md."""
