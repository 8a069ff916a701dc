"""
One session: an environment made from its lock, by nox with uv.

The runner calls it (see nox.py) and says through variables what to make; people call ``nox -s "environment(NAME)"``.
"""

import os

import nox


@nox.session(name=os.environ["CROSSLOAD_NAME"], python=os.environ["CROSSLOAD_PYTHON"], venv_backend="uv")
def environment(session: nox.Session) -> None:
    """Install exactly what the lock says."""
    session.install("--no-deps", "--requirement", os.environ["CROSSLOAD_LOCK"])
