"""
Serve it from a session.
"""

import tensorflow as tf


def load(path):
    """Return the serving function, run in a session of its own."""
    graph = tf.Graph()
    with graph.as_default():
        session = tf.compat.v1.Session(graph=graph)
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], path)
    signature = meta.signature_def["serving_default"]
    (given,), (wanted,) = signature.inputs.values(), signature.outputs.values()
    return lambda inputs: session.run(wanted.name, {given.name: inputs.numpy()})
