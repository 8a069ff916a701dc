"""
Input that nobody meant, tried: every kind of file and message that the program reads, changed in thousands of ways.

::

    mutations, formats     bytes -> other bytes, by the form of what they are
    documents, stored,
    left, artifacts        what reads each kind, and valid ones to begin with
    targets                all of them, by name
    __main__               one of them in this process, within limits of time and memory
    batches                the same in a process of its own, and what came of it
"""
