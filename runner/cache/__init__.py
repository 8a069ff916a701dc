"""Where environments, locks and artifacts are kept between runs."""

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """Return the cache: ``CROSSLOAD_CACHE`` if it is set, else where the system keeps a user's caches."""
    named = os.environ.get("CROSSLOAD_CACHE")
    return Path(named).absolute() if named else user_cache_path("crossload")
