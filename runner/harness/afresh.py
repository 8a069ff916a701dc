"""A job in a process of its own that was not forked: it is confined before anything is imported that starts threads."""

import json
import os

from . import confinement


def main(argv):
    """Do the job that a file describes, and leave."""
    with open(argv[0]) as file:
        message = json.load(file)
    refused = confinement.applied(message)
    from . import jobs  # and with it NumPy, whose threads would stay free

    os._exit(jobs.run(message, refused))
