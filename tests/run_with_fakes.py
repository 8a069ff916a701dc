"""``python -m tests.run_with_fakes run ...`` is ``python -m runner run ...``, in environments of the stand-in."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from runner.__main__ import main
from runner.cache import cache_folder
from runner.environments import Builder, backends
from runner.model import Backend, Matrix
from tests.fakes import FakeBuilder


@contextmanager
def builders(matrix: Matrix, jobs: int) -> Iterator[Mapping[Backend, Builder]]:
    """Give the builder of the stand-in; see `backends.builders`."""
    yield {Backend.NOX: FakeBuilder(cache_folder() / "environments")}


if __name__ == "__main__":
    backends.builders = builders
    sys.exit(main())
