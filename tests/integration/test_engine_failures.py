"""What can be wrong with an engine, an image or a disk: each has its sentence, and a run ends with 4."""

import asyncio
import hashlib
import http.server
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import docker
import pytest

from runner.environments import EnvironmentFailure, engine
from runner.environments.containers import Containers, Task
from runner.record import Cause, Status
from tests.integration.conftest import REPOSITORY, Ran, run

pytestmark = pytest.mark.docker

MATRIX = """
version: 1
environments: {{tf2.15: {{tensorflow: "2.15", image: "{image}"}}}}
scenarios: {{dense: {{formats: [keras], folder: {repository}/scenarios/dense}}}}
backend: docker
"""
BASE = "python:{python}-slim"
NO_FILES = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
"""Start a program that permissions hold for."""


def ran(
    folder: Path,
    variables: Mapping[str, str],
    image: str = BASE,
    prefix: Sequence[str] = (),
    cause: Cause = Cause.ENVIRONMENT_INSTALL,
) -> str:
    """Run a cell that cannot be judged, and return why."""
    matrix = folder / "matrix.yaml"
    matrix.write_text(MATRIX.format(image=image, repository=REPOSITORY), encoding="utf-8")
    done = run(folder / "output", "--matrix", str(matrix), "--fresh", variables=variables, prefix=prefix)
    return explained(done, cause)


def explained(done: Ran, cause: Cause) -> str:
    """Return the explanation of the only cell, which the environment has too."""
    assert done.status == 4, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (cell,) = done.results.cells
    assert (cell.status, cell.cause) == (Status.ERROR, cause)
    assert done.results.environments["tf2.15"].explanation == cell.explanation
    return cell.explanation


@contextmanager
def listening(path: Path) -> Iterator[str]:
    """Give the address of a socket that takes connections and says nothing."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield f"unix://{path}"


@contextmanager
def answering(status: int, body: object) -> Iterator[int]:
    """Give the port of a server that says it is one, as engines and registries do, and gives one answer to the rest."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            known = {"/v2/": {}, "/version": {"ApiVersion": "1.41"}, "/v1.41/_ping": "OK"}
            data = json.dumps(known.get(self.path, body)).encode()
            self.send_response(200 if self.path in known else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data if self.command == "GET" else b"")

        do_GET = do_HEAD = answer  # noqa: N815  (the names are the library's)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def imported(address: str, name: str, files: Mapping[str, Path]) -> Iterator[str]:
    """Give an image of some programs, at their paths."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, file in files.items():
            archive.add(file.resolve(), path)
    with closing(docker.DockerClient(base_url=address)) as client:
        client.api.import_image_from_data(buffer.getvalue(), repository=name, tag="1")
        yield f"{name}:1"
        client.images.remove(f"{name}:1")


def context(folder: Path, content: str, current: str = "mine") -> dict[str, str]:
    """Return the variables of somebody who uses the context `current`, where there is one that is called mine."""
    meta = folder / "docker" / "contexts" / "meta" / hashlib.sha256(b"mine").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(content, encoding="utf-8")
    (folder / "docker" / "config.json").write_text(json.dumps({"currentContext": current}), encoding="utf-8")
    return {"DOCKER_HOST": "", "DOCKER_CONTEXT": "", "DOCKER_CONFIG": str(folder / "docker")}


def described(address: str) -> str:
    """Return the description of a context."""
    return json.dumps({"Name": "mine", "Metadata": {}, "Endpoints": {"docker": {"Host": address}}})


def test_no_socket(tmp_path: Path) -> None:
    """Where there is no socket no engine answers, and it is told how to start or name one."""
    said = ran(tmp_path, {"DOCKER_HOST": f"unix://{tmp_path}/d.sock"})
    assert said.startswith(f"No Docker engine answers at unix://{tmp_path}/d.sock: start it")
    assert "--backend nox" in said


def test_socket_without_an_engine(tmp_path: Path) -> None:
    """A socket that an engine has left behind is no engine."""
    with listening(tmp_path / "d.sock") as address:
        pass
    assert ran(tmp_path, {"DOCKER_HOST": address}).startswith(f"No Docker engine answers at {address}: start it")


def test_port_without_an_engine(tmp_path: Path) -> None:
    """Nor does one answer at a port where nobody listens."""
    said = ran(tmp_path, {"DOCKER_HOST": "tcp://127.0.0.1:1"})
    assert said.startswith("No Docker engine answers at tcp://127.0.0.1:1: start it")


@pytest.mark.parametrize("address", ["foo://bar", "nonsense", "tcp://"])
def test_address_that_is_none(tmp_path: Path, address: str) -> None:
    """What is no address is called so, with one that is."""
    said = ran(tmp_path, {"DOCKER_HOST": address})
    assert said.startswith(f"{address!r} is no address of a Docker engine: set DOCKER_HOST to one like unix://")


def test_no_permission(tmp_path: Path) -> None:
    """Who may not speak to the engine is told which group to join."""
    with listening(tmp_path / "d.sock") as address:
        (tmp_path / "d.sock").chmod(0)
        said = ran(tmp_path, {"DOCKER_HOST": address}, prefix=NO_FILES)
    assert said.startswith(f"No permission to speak to the Docker engine at {address}: add yourself to the group")


def test_engine_that_hangs(tmp_path: Path) -> None:
    """An engine that takes a question and says nothing is not called absent."""
    code = "from runner.environments import engine; engine.ANSWER_SECONDS = 1; engine.connect()"
    with listening(tmp_path / "d.sock") as address:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"DOCKER_HOST": address},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
    last = done.stderr.splitlines()[-1]
    assert f"The Docker engine at {address} did not answer within 1 seconds: it may be busy, or hang." in last


def test_engine_that_forbids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an engine, or a guard before it, forbids is told in its own words."""
    with answering(403, {"message": "Request forbidden by administrative rules"}) as port:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
        with pytest.raises(EnvironmentFailure, match=r"cannot do it\. It says: Request forbidden by administrative"):
            Containers(tmp_path)


def test_context_that_is_not_there(tmp_path: Path) -> None:
    """A context that nobody made is named, whether a variable or the settings of docker ask for it."""
    said = ran(tmp_path, {"DOCKER_HOST": "", "DOCKER_CONTEXT": "nonsense"})
    assert said.startswith("There is no Docker context 'nonsense': `docker context ls` lists")
    said = ran(tmp_path, context(tmp_path, described("unix:///d.sock"), current="other"))
    assert said.startswith("There is no Docker context 'other': `docker context ls` lists")


def test_context_that_is_damaged(tmp_path: Path) -> None:
    """A context whose file is damaged is named, too."""
    assert ran(tmp_path, context(tmp_path, "{")).startswith("The Docker context 'mine' cannot be read: ")


def test_context_with_ssh(tmp_path: Path) -> None:
    """An engine that is reached by ssh needs a package, which is named."""
    said = ran(tmp_path, context(tmp_path, described("ssh://nobody@127.0.0.1:1")))
    assert "`pip install paramiko`" in said


def test_context_in_use(tmp_path: Path, docker_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The context that docker's settings name is used where no variable names an engine."""
    with closing(docker.DockerClient(base_url=docker_host)) as client:
        wanted = client.info()["ID"]
    for name, value in context(tmp_path, described(docker_host)).items():
        monkeypatch.setenv(name, value)
    with closing(engine.connect()) as client:
        assert client.info()["ID"] == wanted


@pytest.mark.parametrize("registry", ["localhost:1", "registry.invalid"])
def test_registry_that_does_not_answer(tmp_path: Path, docker_host: str, registry: str) -> None:
    """A registry that does not answer is told from an image that is not there."""
    said = ran(tmp_path, {"DOCKER_HOST": docker_host}, image=f"{registry}/python:1")
    assert said.startswith(f"The registry of {registry}/python:1 does not answer: check the network")
    assert "docker load" in said


@pytest.mark.parametrize(
    ("status", "code", "message", "sentence"),
    [
        (404, "MANIFEST_UNKNOWN", "manifest unknown", "There is no image {name}: check `image` in the matrix."),
        (401, "UNAUTHORIZED", "authentication required", "There is no image {name}, or one has to log in for it: "),
        (403, "DENIED", "requested access is denied", "There is no image {name}, or one has to log in for it: "),
    ],
)
def test_image_that_the_registry_does_not_give(
    tmp_path: Path, docker_host: str, status: int, code: str, message: str, sentence: str
) -> None:
    """An image that is not there, or not for us, is named, with what to check."""
    with answering(status, {"errors": [{"code": code, "message": message}]}) as port:
        name = f"localhost:{port}/python:1"
        said = ran(tmp_path, {"DOCKER_HOST": docker_host}, image=name)
    assert said.startswith(sentence.format(name=name))


def test_name_of_no_image(tmp_path: Path, docker_host: str) -> None:
    """A name that the engine does not take for one is called so."""
    said = ran(tmp_path, {"DOCKER_HOST": docker_host}, image="UPPER/Case:1")
    assert said.startswith("'UPPER/Case:1' is no name of an image: check `image` in the matrix.")


def test_image_with_another_python(tmp_path: Path, docker_host: str) -> None:
    """An image with another Python than the environment's is named, with both ways to mend it."""
    said = ran(tmp_path, {"DOCKER_HOST": docker_host}, image="python:3.9-slim", cause=Cause.ENVIRONMENT_UNRESOLVABLE)
    assert said.startswith("The image python:3.9-slim@sha256:")
    assert said.endswith("has no Python 3.11: name another `image`, or `python`.")


def test_image_without_a_shell(tmp_path: Path, docker_host: str) -> None:
    """An image with nothing in it is told from a download that failed."""
    with imported(docker_host, "crossload-test-empty", {}) as name:
        said = ran(tmp_path, {"DOCKER_HOST": docker_host}, image=name, cause=Cause.ENVIRONMENT_UNRESOLVABLE)
    assert "has no shell, with which to install Python packages: name another `image`." in said


def test_image_without_a_python(tmp_path: Path, docker_host: str) -> None:
    """So is one that has a shell and no Python."""
    with imported(docker_host, "crossload-test-shell", {"bin/sh": Path("/bin/busybox")}) as name:
        said = ran(tmp_path, {"DOCKER_HOST": docker_host}, image=name, cause=Cause.ENVIRONMENT_UNRESOLVABLE)
    assert said.endswith("has no Python 3.11: name another `image`, or `python`.")


@pytest.mark.parametrize("megabytes", [20, 200])
def test_full_disk(tmp_path: Path, docker_host: str, megabytes: int) -> None:
    """A disk on which there is no room for an installer, or for the packages, is full, and is called so."""
    cache = tmp_path / "cache"
    cache.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(cache)], check=True)
    try:
        variables = {"DOCKER_HOST": docker_host, "CROSSLOAD_CACHE": str(cache)}
        said = ran(tmp_path, variables, cause=Cause.DISK_FULL)
    finally:
        subprocess.run(["umount", str(cache)], check=True)
    assert said.startswith("The disk is full: an environment takes about 1 GB in crossload's cache. Make room,")


def test_engine_that_does_not_see_our_files(tmp_path: Path, docker_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine on another machine has not the files that containers need, and it is told what to do."""
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    with closing(Containers(tmp_path)) as containers:
        image = engine.image(containers.client, "python:3.11-slim")
        task = Task(image=image, command=("sh",), variables={}, readable=(tmp_path / "elsewhere",))
        with pytest.raises(EnvironmentFailure, match="does not see the files of this machine"):
            asyncio.run(containers.run(task))
