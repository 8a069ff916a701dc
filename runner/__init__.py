"""Crossload: a cross-version compatibility matrix runner for saved TensorFlow/Keras models."""

__version__ = "0.1.0"
