"""
What runs inside every environment: the standard library, NumPy and TensorFlow, on Python 3.6 and later.

It observes and never judges. A server imports TensorFlow once and forks a child for every job; the two sides talk in
JSON lines, and a child leaves its observation (observation.json, arrays.npz) in the folder of its job.
"""

PROTOCOL = 1
