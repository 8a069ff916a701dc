"""
Build an image of one environment for people who keep or ship it; ``nox -s image -- NAME`` calls this.

It is no verb: a run makes what it needs by itself, and faster.
"""

import argparse
import asyncio
import re
import shutil
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import docker
import requests
from docker.errors import DockerException

from runner.cache import cache_folder
from runner.environments import EnvironmentFailure, engine, locking
from runner.environments.container_uv import ContainerUv, container_uv, without_python
from runner.environments.containers import INSTALL_SECONDS, Containers, Task
from runner.environments.docker import installation_failure
from runner.environments.dockerfile import CERTIFICATES, PASSWORDS, SETTINGS, Recipe, dockerfile, tag
from runner.environments.engine import Image
from runner.environments.locking import Lock
from runner.environments.variables import forwarded
from runner.errors import RunnerError, UsageError
from runner.matrix import environment, read_matrix
from runner.model import Cause, EnvironmentSpec
from runner.wording import shown
from runner.writing import unwritable, write_text

INTERRUPTED = 130

_TAG = re.compile(r"(?:[\w.-]+(?::\d+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*:[A-Za-z0-9_][\w.-]{0,127}")
_LAYER = re.compile(r" ---> ([0-9a-f]{12})\n")
_PLACES = {"NETRC": PASSWORDS, "UV_CONFIG_FILE": SETTINGS}
_BUNDLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
_PROOF = """
import tensorflow as tf{more}
tf.keras.layers.Dense(1)(tf.zeros((1, 2)))
print(tf.__version__)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installing:
    """
    What the stage that installs is given, and nothing else is.

    Attributes:
        variables: For the build, which may be secrets.
        files: By the name that they have beside the Dockerfile; what may be secrets is never written there.
        certificates: That are to be trusted, or None.
    """

    variables: Mapping[str, str]
    files: Mapping[str, Path]
    certificates: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Build it, and print how to use it."""
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
        description="Build a self-contained image of one environment, from a Dockerfile that can be read.",
        epilog="example: nox -s image -- tf2.15 --tag registry.example.com/ml/tf:2.15",
    )
    parser.add_argument("name", metavar="ENV", help="an environment of the matrix")
    parser.add_argument("--matrix", type=Path, default=Path("matrix.yaml"), metavar="FILE")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where the Dockerfile goes (reports/images/ENV)")
    parser.add_argument("--tag", help="what to call the image (crossload/ENV:VERSION)")
    return parser


def _checked(name: str) -> str:
    if not _TAG.fullmatch(name):
        raise UsageError(f"{shown(name)} is no name for an image; write it as for docker, like 'registry/tf:2.15'.")
    return name


def _made(spec: EnvironmentSpec, folder: Path, name: str) -> str:
    """Make the image, and return what to say of it."""
    store = cache_folder() / "docker"
    with _disk(store):
        store.mkdir(parents=True, exist_ok=True)
    given = _installing()
    with closing(Containers(store)) as containers:
        uv, lock = asyncio.run(_resolved(containers, spec, store))
        recipe = Recipe(
            spec=spec,
            base=uv.image.reference,
            tag=name,
            arguments=tuple(given.variables),
            certificates=given.certificates is not None,
        )
        with _disk(folder):
            _write(folder, recipe, lock, uv.program, given.certificates)
        network = containers.network(given.variables)
        print(f"Building {name} from {folder / 'Dockerfile'}; this takes a minute.", file=sys.stderr)
        image = _built(containers, folder, given, network, uv)
        said = asyncio.run(_proved(containers, image, spec))
        _name(containers.client, image, name)
        size = containers.client.images.get(image.id).attrs["Size"]
    return _told(recipe, folder, said, size, network)


async def _resolved(containers: Containers, spec: EnvironmentSpec, store: Path) -> tuple[ContainerUv, Lock]:
    """Take the base image and the lock as a run does, and see to it that the image has the Python."""
    uv = await container_uv(containers, spec, store)
    lock = await locking.lock(spec, uv, store.parent / "locks")
    await uv.run(("python", "find", "--system", spec.python), store)
    return uv, lock


def _installing() -> Installing:
    settings = forwarded()
    named = {name: Path(settings.variables[name]) for name in (*_PLACES, _BUNDLES[0]) if name in settings.variables}
    return Installing(
        variables={name: value for name, value in settings.variables.items() if name not in (*_PLACES, *_BUNDLES)},
        files={_PLACES[name]: path for name, path in named.items() if name in _PLACES},
        certificates=named.get(_BUNDLES[0]),
    )


def _write(folder: Path, recipe: Recipe, lock: Lock, uv: Path, certificates: Path | None) -> None:
    """Write all that ``docker build`` needs."""
    write_text(folder / "Dockerfile", dockerfile(recipe))
    write_text(folder / "requirements.txt", "".join(f"{pin}\n" for pin in lock.pins))
    shutil.copy(uv, folder / "uv")
    (folder / CERTIFICATES).unlink(missing_ok=True)
    if certificates:
        shutil.copyfile(certificates, folder / CERTIFICATES)


def _built(containers: Containers, folder: Path, given: Installing, network: str, uv: ContainerUv) -> Image:
    """Build the image, which has no name yet; what the stages before it leave is removed."""
    events: list[Mapping[str, Any]] = []
    client = containers.client
    try:
        with _engine(), _context(folder, given) as context:
            events.extend(
                client.api.build(
                    fileobj=context,
                    custom_context=True,
                    rm=True,
                    forcerm=True,
                    decode=True,
                    timeout=INSTALL_SECONDS,
                    buildargs=dict(given.variables),
                    network_mode=network,
                )
            )
    finally:
        _forget(client, events)
    return engine.image(client, _id(events, uv))


@contextmanager
def _context(folder: Path, given: Installing) -> Iterator[IO[bytes]]:
    """Give the folder as the engine takes it, with what may be secrets."""
    names = ("Dockerfile", "requirements.txt", "uv", *((CERTIFICATES,) if given.certificates else ()))
    with TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name, path in {**{name: folder / name for name in names}, **given.files}.items():
                archive.add(path.resolve(), name)
        file.seek(0)
        yield file


def _id(events: Sequence[Mapping[str, Any]], uv: ContainerUv) -> str:
    said = "".join(str(event.get("stream") or event.get("error") or "") for event in events)
    if any("error" in event for event in events):
        raise without_python(uv.image, uv.python) if "No interpreter found" in said else installation_failure(said)
    return str(next(event["aux"]["ID"] for event in reversed(events) if "ID" in event.get("aux", {})))


def _forget(client: docker.DockerClient, events: Sequence[Mapping[str, Any]]) -> None:
    """Remove the stage that installed, whose history may hold secrets; what has a name is somebody's."""
    said = "".join(str(event.get("stream", "")) for event in events)
    stage = said[: said.rfind("FROM ")] if said.count("FROM ") > 1 else said
    with suppress(DockerException, requests.exceptions.RequestException):
        for layer in reversed(_LAYER.findall(stage)):
            if not client.images.get(layer).tags:
                client.images.remove(layer)
                return


async def _proved(containers: Containers, image: Image, spec: EnvironmentSpec) -> str:
    """Import TensorFlow and call a layer, without a network and anything else of this machine; return its version."""
    code = _PROOF.format(more="\nimport keras" if spec.keras else "")
    task = Task(image=image, command=("python", "-c", code), variables={})
    done = await containers.run(task, walled=True)
    if done.status:
        said = " ".join(done.stderr.split("\n")[-4:]).strip()
        text = f"TensorFlow cannot be used in the image, so it was given no name. Its Python says: {said}"
        raise EnvironmentFailure(Cause.ENVIRONMENT_IMPORT, text)
    return done.stdout.split()[-1]


def _name(client: docker.DockerClient, image: Image, name: str) -> None:
    repository, _, version = name.rpartition(":")
    with _engine():
        client.images.get(image.id).tag(repository, version)


@contextmanager
def _engine() -> Iterator[None]:
    try:
        yield
    except (DockerException, requests.exceptions.RequestException) as error:
        raise engine.failure(error) from error


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(folder, error) from error


def _told(recipe: Recipe, folder: Path, version: str, size: int, network: str) -> str:
    options = ["--network host"] if network == "host" else []
    options += [f"--build-arg {name}" for name in recipe.arguments]
    again = " ".join(["docker build", *options, f"--tag {recipe.tag} {folder}"])
    return (
        f"{recipe.tag} is ready: {size / 1e9:.1f} GB. TensorFlow {version} was imported in it, and called a layer.\n\n"
        f"{folder / 'Dockerfile'} is what it was made from. To make it anew, after a change of yours:\n\n"
        f"    {again}\n\nRun its Python:\n\n    docker run --rm --interactive --tty {recipe.tag} python"
    )


if __name__ == "__main__":
    sys.exit(main())
