"""
The Docker engine: how to reach it, the images in it, and a sentence for each thing that can be wrong with it.

The SDK is synchronous: everything here is, too, and `runner.environments.containers` calls it from threads.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import docker
import requests
from docker.context import Context, ContextAPI
from docker.context.config import get_current_context_name
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models import images

from runner.environments import EnvironmentFailure, PassingFailure
from runner.record import Cause
from runner.wording import shown

ANSWER_SECONDS = 60
"""How long the engine may take to begin an answer, where it is not asked to wait for something."""

_SILENT_REGISTRY = re.compile(
    r"dial tcp|no such host|connection refused|i/o timeout|Client\.Timeout|TLS handshake|request canceled|unreachable"
)
_REFUSED = re.compile(r"denied|unauthorized|authentication required|forbidden", re.IGNORECASE)
_GONE = (requests.exceptions.ConnectionError, requests.exceptions.Timeout, ConnectionError, FileNotFoundError)
_DEFAULT_PLACE = re.compile(r"^(index\.)?docker\.io/(library/)?")
_SOCKET = "unix:///var/run/docker.sock"


class EngineGone(EnvironmentFailure):
    """No engine answers, which may pass: it may be starting anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """
    An image that the engine has.

    Attributes:
        id: By which the engine knows it.
        content: What decides how it behaves: its layers and its variables, whenever it was made.
        name: With the digest that the registry knows it by, if it came from one.
        reference: What brings this very image from there; what people call it, if it is only here.
    """

    id: str
    content: str
    name: str
    reference: str


def connect() -> docker.DockerClient:
    """
    Return a client of the engine that ``DOCKER_HOST``, ``DOCKER_CONTEXT`` or the current context names.

    Raises:
        EnvironmentFailure: If it does not answer.
    """
    try:
        client = _client()
        _ping(client)
    except (DockerException, requests.exceptions.RequestException, OSError, ValueError) as error:
        raise failure(error) from error
    return client


def _ping(client: docker.DockerClient) -> None:
    try:
        client.ping()
    except BaseException:
        client.close()
        raise


@contextmanager
def told() -> Iterator[None]:
    """Let what the SDK raises be an `EnvironmentFailure`."""
    try:
        yield
    except (DockerException, requests.exceptions.RequestException) as error:
        raise failure(error) from error


def _client() -> docker.DockerClient:
    if os.environ.get("DOCKER_HOST"):
        return docker.from_env(timeout=ANSWER_SECONDS)
    context = _context()
    return docker.DockerClient(base_url=context.Host or _SOCKET, tls=context.TLSConfig or False, timeout=ANSWER_SECONDS)


def _context() -> Context:
    """Return the context that is in use, as Docker's settings or ``DOCKER_CONTEXT`` name it."""
    name = os.environ.get("DOCKER_CONTEXT") or get_current_context_name()
    advice = "`docker context ls` lists those that there are, `docker context use` chooses one; or set DOCKER_HOST."
    try:
        context = ContextAPI.get_context(name)
    except Exception as error:  # that of the SDK for a damaged file is an Exception and nothing more
        raise _failure(f"The Docker context {shown(name)} cannot be read: {advice} Docker says: {error}") from error
    if context is None:
        raise _failure(f"There is no Docker context {shown(name)}: {advice}")
    return context


def image(client: docker.DockerClient, name: str) -> Image:
    """
    Return an image, pulled only if the engine does not have it.

    Raises:
        EnvironmentFailure: If it cannot be had.
    """
    try:
        found = client.images.get(name)
    except ImageNotFound:
        found = _pulled(client, name)
    except (DockerException, requests.exceptions.RequestException) as error:
        raise _image_failure(name, error) from error
    config, plain, digest = found.attrs.get("Config") or {}, name.partition("@")[0], _digest(name, found)
    return Image(
        id=str(found.id),
        content="\n".join([*found.attrs["RootFS"].get("Layers", ()), *(config.get("Env") or ())]),
        name=f"{plain}@{digest or found.id}",
        reference=f"{plain}@{digest}" if digest else name,
    )


def _digest(name: str, found: images.Image) -> str:
    """Return what the registry of that name knows the image by, if it came from there; another may know another."""
    repository, _, digest = name.partition("@")
    known = dict(each.split("@") for each in found.attrs.get("RepoDigests") or ())
    return digest or known.get(_DEFAULT_PLACE.sub("", _repository(repository)[0]), "")


def _pulled(client: docker.DockerClient, name: str) -> images.Image:
    try:
        return client.images.pull(*_repository(name))
    except (DockerException, requests.exceptions.RequestException) as error:
        raise _pull_failure(name, error) from error


def _repository(name: str) -> tuple[str, str | None]:
    """Split the tag from a name, that nothing but it be pulled."""
    if "@" in name:
        return name, None
    before, _, after = name.rpartition(":")
    return (before, after) if before and "/" not in after else (name, "latest")


def failure(error: Exception) -> EnvironmentFailure:
    """Say what is wrong with the engine, and what to do about it."""
    said, chain = _said(error), _chain(error)
    if "no space left on device" in said.lower():
        text = (
            "The disk of the Docker engine is full: `docker system df` shows what takes the room. Make some, run again."
        )
        return EnvironmentFailure(Cause.DISK_FULL, text)
    if any(isinstance(each, PermissionError) for each in chain) or "ermission denied" in said:
        return _failure(
            f"No permission to speak to the Docker engine at {_address()}: add yourself to the group that owns the "
            "socket (`sudo usermod -aG docker $USER`, then log in again), or use a rootless engine."
        )
    if any(isinstance(each, requests.exceptions.ReadTimeout) for each in chain):
        return EngineGone(
            Cause.ENVIRONMENT_INSTALL,
            f"The Docker engine at {_address()} did not answer within {ANSWER_SECONDS} seconds: it may be busy, or "
            "hang. Run again, and if that does not help start it anew (`sudo systemctl restart docker`, or Docker "
            "Desktop).",
        )
    if "bind address" in said:
        return _failure(
            f"{shown(_address())} is no address of a Docker engine: set DOCKER_HOST to one like {_SOCKET} or "
            f"tcp://build.example.com:2376, or unset it. Docker says: {said}"
        )
    if "paramiko" in said:
        return _failure(
            f"The Docker engine at {_address()} is reached by ssh, for which Python needs a package: "
            "`pip install paramiko` where crossload is installed. It must see this machine's files, too."
        )
    if not isinstance(error, APIError) and any(isinstance(each, _GONE) for each in chain):
        return EngineGone(
            Cause.ENVIRONMENT_INSTALL,
            f"No Docker engine answers at {_address()}: start it (`sudo systemctl start docker`, or Docker Desktop), "
            "name another one with DOCKER_HOST or `docker context use`, or run with `--backend nox`.",
        )
    if "bind source path does not exist" in said:
        return _failure(
            f"The Docker engine at {_address()} does not see the files of this machine, which its containers need: use "
            "an engine that runs here, or share the folder with it (Docker Desktop: Settings, Resources). "
            f"It says: {said}"
        )
    return _failure(f"The Docker engine at {_address()} cannot do it. It says: {said}")


def _image_failure(name: str, error: Exception) -> EnvironmentFailure:
    if "invalid reference format" in _said(error):
        text = f"{shown(name)} is no name of an image: check `image` in the matrix. Docker says: {_said(error)}"
        return _failure(text)
    return failure(error)


def _pull_failure(name: str, error: Exception) -> EnvironmentFailure:
    said = _said(error)
    if "no space left on device" in said:
        return failure(error)
    if _REFUSED.search(said):
        return _failure(
            f"There is no image {name}, or one has to log in for it: check `image` in the matrix, or `docker login`, "
            f"then run again. Docker says: {said}"
        )
    if isinstance(error, NotFound) or "manifest unknown" in said or "not found" in said:
        return _failure(f"There is no image {name}: check `image` in the matrix. Docker says: {said}")
    if _SILENT_REGISTRY.search(said):
        return PassingFailure(
            Cause.ENVIRONMENT_INSTALL,
            f"The registry of {name} does not answer: check the network and the engine's proxy, or bring the image in "
            f"another way (`docker load`), then run again. Docker says: {said}",
        )
    return failure(error)


def _failure(text: str) -> EnvironmentFailure:
    return EnvironmentFailure(Cause.ENVIRONMENT_INSTALL, text)


def _said(error: Exception) -> str:
    return str(getattr(error, "explanation", None) or error).strip()


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error with all that it came from, which libraries hand on in their arguments, too."""
    found: list[BaseException] = []
    left: list[BaseException] = [error]
    while left:
        each = left.pop()
        if each not in found:
            found.append(each)
            inner = (each.__cause__, each.__context__, *each.args)
            left += [one for one in inner if isinstance(one, BaseException)]
    return found


def _address() -> str:
    if os.environ.get("DOCKER_HOST"):
        return os.environ["DOCKER_HOST"]
    try:
        return str(_context().Host or _SOCKET)
    except EnvironmentFailure:
        return _SOCKET
