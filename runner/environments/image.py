"""
Make an image of one environment for people who keep or ship it; ``nox -s image -- ENV`` calls this.

It is no verb: a run makes what it needs by itself, and faster.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from runner.cache import cache_folder
from runner.environments import EnvironmentFailure, image_build, locking
from runner.environments.container_uv import ContainerUv, container_uv
from runner.environments.containers import Containers
from runner.environments.dockerfile import NAME, Recipe, tag
from runner.environments.image_build import Installing
from runner.environments.locking import Lock
from runner.errors import OutputError, RunnerError, UsageError
from runner.matrix import environment, read_matrix
from runner.model import EnvironmentSpec
from runner.wording import shown

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Make it, and print how to use it."""
    asked = _parser().parse_args(arguments)
    try:
        spec = environment(read_matrix(asked.matrix), asked.name)
        print(_made(spec, asked.output or Path("reports/images", spec.name), _checked(asked.tag or tag(spec))))
    except RunnerError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except EnvironmentFailure as failure:
        print(failure.explanation, file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("Interrupted. No image was made.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nox -s image --",
        description="Make a self-contained image of one environment, from a Dockerfile that can be read.",
        epilog="example: nox -s image -- tf2.15 --tag registry.example.com/ml/tf:2.15",
    )
    parser.add_argument("name", metavar="ENV", help="an environment of the matrix")
    parser.add_argument("--matrix", type=Path, default=Path("matrix.yaml"), metavar="FILE")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where the Dockerfile goes (reports/images/ENV)")
    parser.add_argument("--tag", help="what to call the image (crossload/ENV:VERSION)")
    return parser


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise UsageError(f"{shown(name)} is no name for an image; write it as for docker, like 'registry/tf:2.15'.")
    return name


def _made(spec: EnvironmentSpec, folder: Path, name: str) -> str:
    """Make the image, and return what to say of it."""
    given, store = image_build.installing(), _store()
    with closing(Containers(store)) as containers:
        uv, lock = asyncio.run(_resolved(containers, spec, store))
        recipe = Recipe(
            spec=spec,
            base=uv.image.reference,
            tag=name,
            arguments=tuple(given.variables),
            certificates=given.certificates is not None,
        )
        image_build.write(folder, recipe, lock, uv.program, given.certificates)
        print(f"Building {name} from {folder / 'Dockerfile'}; this takes a minute.", file=sys.stderr)
        image = image_build.build(containers, folder, given, uv)
        version = asyncio.run(image_build.prove(containers, image, spec))
        size = image_build.call_it(containers.client, image, name)
        return _told(recipe, folder, _again(recipe, folder, containers, given), f"{size / 1e9:.1f} GB", version)


def _store() -> Path:
    store = cache_folder() / "docker"
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{store} cannot be written: {error.strerror}. CROSSLOAD_CACHE names another.") from error
    return store


async def _resolved(containers: Containers, spec: EnvironmentSpec, store: Path) -> tuple[ContainerUv, Lock]:
    """Take the base image and the lock as a run does, and see to it that the image has the Python."""
    uv = await container_uv(containers, spec, store)
    lock = await locking.lock(spec, uv, store.parent / "locks")
    await uv.run(("python", "find", "--system", spec.python), store)
    return uv, lock


def _again(recipe: Recipe, folder: Path, containers: Containers, given: Installing) -> str:
    """Return the command with which a person makes it: values that the shell has need not be written out."""
    network = containers.network(given.variables)
    options = [f"--network {network} "] if network != "bridge" else []
    options += [f"--build-arg {name} " for name in recipe.arguments]
    return f"docker build {''.join(options)}--tag {recipe.tag} {folder}"


def _told(recipe: Recipe, folder: Path, again: str, size: str, version: str) -> str:
    return (
        f"{recipe.tag} is ready: {size}. TensorFlow {version} was imported in it, and a Keras layer called.\n\n"
        f"It was made from {folder / 'Dockerfile'}. To make it anew, perhaps after a change of yours:\n\n"
        f"    {again}\n\nRun its Python:\n\n    docker run --rm --interactive --tty {recipe.tag} python"
    )


if __name__ == "__main__":
    sys.exit(main())
