"""Why packages could not be installed, whatever it was that installed them."""

from runner.environments import EnvironmentFailure
from runner.model import Cause

DISK_FULL = (
    "The disk is full: an environment takes about 1 GB in crossload's cache. Make room, or let CROSSLOAD_CACHE name a "
    "folder on another disk, then run again."
)

NO_SPACE = "No space left on device"


def installation_failure(what: str, output: str) -> EnvironmentFailure:
    """
    Say why something could not be installed.

    Args:
        what: A sentence that says it is so.
        output: What uv printed.
    """
    if NO_SPACE in output:
        return EnvironmentFailure(Cause.DISK_FULL, DISK_FULL)
    said = " ".join(line.strip() for line in output.splitlines()[-12:])
    text = f"{what} Run again, as a download may have failed; uv says: {said}"
    return EnvironmentFailure(Cause.ENVIRONMENT_INSTALL, text)
