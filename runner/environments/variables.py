"""Which environment variables reach an installer, and which a harness."""

import os
from collections.abc import Mapping
from pathlib import Path

from runner.model import EnvironmentSpec

# One thread for each child: as many children run as there are cores.
_THREADS = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
# Huge pages for the heap, and everything on it: half the pages to copy at a fork and to free at an exit, of which every
# job has one (10 ms of 18, TensorFlow 2.21, Linux 6.18). Where the C library is another, nothing changes.
_MEMORY = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "PYTHONMALLOC": "malloc"}
# What a shell may hold that would change which Keras is met, or what it does.
_DECIDING = ("KERAS_", "PYTHON", "TF_", "UV_EXCLUDE_NEWER", "VIRTUAL_ENV", "XLA_", "NOX_", "CUDA_VISIBLE_DEVICES")


def for_installer() -> dict[str, str]:
    """Return the caller's variables, but for those that would choose other packages or another Python."""
    left_out = ("PYTHON", "UV_EXCLUDE_NEWER", "UV_PYTHON", "UV_CONSTRAINT", "UV_OVERRIDE", "VIRTUAL_ENV", "NOX_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def for_harness(spec: EnvironmentSpec, home: Path) -> Mapping[str, str]:
    """
    Return the variables of a harness.

    The caller's own TensorFlow, Keras and Python variables and ~/.keras do not count, so that a matrix means the same
    everywhere; byte code is always written, since an import without it takes three times as long.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DECIDING)}
    fixed = {"KERAS_HOME": str(home), "PYTHONNOUSERSITE": "1", "PYTHONHASHSEED": "0", "CUDA_VISIBLE_DEVICES": "-1"}
    return kept | _THREADS | _MEMORY | fixed | dict(spec.variables)
