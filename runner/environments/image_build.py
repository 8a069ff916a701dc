"""
An image of one environment, built by the engine from a folder with a Dockerfile.

What may be a secret (the settings of index and proxy) is given to the stage that installs and to nothing else: it is
neither in the folder nor in the image, and that stage is removed.
"""

import re
import shutil
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import docker
import requests
from docker.errors import DockerException, ImageNotFound

from runner.environments import EnvironmentFailure, engine
from runner.environments.container_uv import ContainerUv, check_image
from runner.environments.containers import INSTALL_SECONDS, Containers, Task
from runner.environments.dockerfile import CERTIFICATES, PASSWORDS, SETTINGS, Recipe, dockerfile
from runner.environments.engine import Image
from runner.environments.installing import NO_SPACE, installation_failure
from runner.environments.locking import Lock
from runner.environments.variables import BUNDLES, forwarded
from runner.model import EnvironmentSpec
from runner.record import Cause
from runner.writing import unwritable, write_text

_LAYER = re.compile(r" ---> ([0-9a-f]{12})\n")
_TRIES = 10
_PLACES = {"NETRC": PASSWORDS, "UV_CONFIG_FILE": SETTINGS}
_PROOF = """
import tensorflow as tf{more}
tf.keras.layers.Dense(1)(tf.zeros((1, 2)))
print(tf.__version__)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installing:
    """
    What the stage that installs is given.

    Attributes:
        variables: Which may be secrets.
        files: The same, by the name that they have there.
        certificates: That are to be trusted; they are no secret.
    """

    variables: Mapping[str, str]
    files: Mapping[str, Path]
    certificates: Path | None


def installing() -> Installing:
    """Return what an installer needs of the caller's settings."""
    found = forwarded().variables
    bundle = found.get(BUNDLES[0])
    return Installing(
        variables={name: value for name, value in found.items() if name not in (*_PLACES, *BUNDLES)},
        files={place: Path(found[name]) for name, place in _PLACES.items() if name in found},
        certificates=Path(bundle) if bundle else None,
    )


def write(folder: Path, recipe: Recipe, lock: Lock, uv: Path, certificates: Path | None) -> None:
    """
    Write all that ``docker build`` needs.

    Raises:
        OutputError: If it cannot be written.
    """
    write_text(folder / "Dockerfile", dockerfile(recipe))
    write_text(folder / "requirements.txt", "".join(f"{pin}\n" for pin in lock.pins))
    try:
        shutil.copy(uv, folder / "uv")
        (folder / CERTIFICATES).unlink(missing_ok=True)
        if certificates:
            shutil.copyfile(certificates, folder / CERTIFICATES)
    except OSError as error:
        raise unwritable(folder, error) from error


def build(containers: Containers, folder: Path, given: Installing, uv: ContainerUv) -> Image:
    """
    Build the image, which has no name yet.

    It is not done in a thread, so that an interruption ends the build as well.

    Raises:
        EnvironmentFailure: If it cannot be built.
    """
    events: list[Mapping[str, Any]] = []
    try:
        with engine.told(), _context(folder, given) as context:
            for event in containers.client.api.build(
                fileobj=context,
                custom_context=True,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=INSTALL_SECONDS,
                buildargs=dict(given.variables),
                network_mode=containers.network(given.variables),
            ):
                events.append(event)  # noqa: PERF402  (what came before an error is kept)
    finally:
        _forget(containers.client, events, uv.image)
    return engine.image(containers.client, _built(events, uv))


async def prove(containers: Containers, image: Image, spec: EnvironmentSpec) -> str:
    """
    Import TensorFlow and call a layer, without a network or a file of this machine, and return its version.

    Raises:
        EnvironmentFailure: If that does not work; the image is removed.
    """
    code = _PROOF.format(more="\nimport keras" if spec.keras else "")
    done = await containers.run(Task(image=image, command=("python", "-c", code), variables={}), walled=True)
    if done.status:
        _remove(containers.client, image.id)
        said = " ".join(line.strip() for line in done.stderr.splitlines()[-3:])
        text = f"TensorFlow cannot be used in the image of {spec.name}, which was removed. Its Python says: {said}"
        raise EnvironmentFailure(Cause.ENVIRONMENT_IMPORT, text)
    return done.stdout.split()[-1]


def call_it(client: docker.DockerClient, image: Image, name: str) -> int:
    """Give an image its name, and return its size in bytes."""
    repository, _, version = name.rpartition(":")
    with engine.told():
        found = client.images.get(image.id)
        found.tag(repository, version)
    return int(found.attrs["Size"])


@contextmanager
def _context(folder: Path, given: Installing) -> Iterator[IO[bytes]]:
    """Give the folder as the engine takes it, with what may be secrets."""
    names = ("Dockerfile", "requirements.txt", "uv", *((CERTIFICATES,) if given.certificates else ()))
    with TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w", dereference=True) as archive:
            for name, path in ({name: folder / name for name in names} | dict(given.files)).items():
                archive.add(path, name)
        file.seek(0)
        yield file


def _built(events: Sequence[Mapping[str, Any]], uv: ContainerUv) -> str:
    """Return the id of what was built, or say why nothing was."""
    for event in reversed(events):
        if "ID" in event.get("aux", {}):
            return str(event["aux"]["ID"])
    said = "".join(str(event.get("stream") or event.get("error") or "") for event in events)
    if NO_SPACE.lower() in said.lower():
        raise engine.failure(DockerException(said))
    check_image(uv.image, uv.python, said)
    raise installation_failure("The image could not be built.", said)


def _forget(client: docker.DockerClient, events: Sequence[Mapping[str, Any]], base: Image) -> None:
    """Remove the stage that installed: secrets may be in its history."""
    said = "".join(str(event.get("stream", "")) for event in events)
    first, _, _ = said.rpartition(" : FROM ") if said.count(" : FROM ") > 1 else (said, "", "")
    layers = [layer for layer in _LAYER.findall(first) if not base.id.startswith(f"sha256:{layer}")]
    if layers:
        _remove(client, layers[-1])


def _remove(client: docker.DockerClient, name: str) -> None:
    """Remove an image that nobody has named; the container of a build that was interrupted may hold it for a while."""
    for _ in range(_TRIES):
        try:
            if not client.images.get(name).tags:
                client.images.remove(name)
        except ImageNotFound:
            return
        except (DockerException, requests.exceptions.RequestException):
            time.sleep(1)
        else:
            return
