"""Why packages could not be installed, whatever it was that installed them."""

import re

from runner.environments import EnvironmentFailure, PassingFailure
from runner.record import Cause

DISK_FULL = (
    "The disk is full: an environment takes about 1 GB in crossload's cache. Make room, or let CROSSLOAD_CACHE name a "
    "folder on another disk, then run again."
)

NO_SPACE = "No space left on device"
_UNREACHABLE = re.compile(
    r"Failed to (fetch|download)|error sending request|Request failed|dns error|timed out|tcp connect|"
    r"[Cc]onnection (reset|closed|refused)|incomplete message|error decoding response body"
)
_REFUSED = re.compile(r"status client error \((?!408|429)")
"""What the index has not, it will not have in a moment; too many requests (429) and its own timeout (408) pass."""


def is_passing(output: str) -> bool:
    """Tell whether uv failed for the network's sake, and not for that of what it was asked for."""
    return bool(_UNREACHABLE.search(output)) and not _REFUSED.search(output)


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
    if is_passing(output):
        text = f"{what} A download failed again and again: check the network, then run again. uv says: {said}"
        return PassingFailure(Cause.ENVIRONMENT_INSTALL, text)
    return EnvironmentFailure(Cause.ENVIRONMENT_INSTALL, f"{what} uv says: {said}")
