"""The backends by name, for as long as a run lasts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from runner.cache import cache_folder
from runner.environments import Builder
from runner.environments.nox import NoxBuilder
from runner.model import Backend, Matrix


@contextmanager
def builders(matrix: Matrix, jobs: int) -> Iterator[Mapping[Backend, Builder]]:
    """
    Give what builds the environments of a matrix; what they started elsewhere has ended when this ends.

    Args:
        jobs: How many may run at a time.
    """
    backends: dict[Backend, Builder] = {Backend.NOX: NoxBuilder(cache_folder())}
    if all(spec.backend is not Backend.DOCKER for spec in matrix.environments):
        yield backends
        return
    from runner.environments.docker import DockerBuilder  # whose SDK takes its time

    docker = DockerBuilder(cache_folder(), matrix.limits, jobs)
    try:
        yield {**backends, Backend.DOCKER: docker}
    finally:
        docker.close()
