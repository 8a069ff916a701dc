"""`nox -s image`: an image of one environment, built and run by a real engine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from requests import utils

from tests.integration.conftest import REPOSITORY

pytestmark = pytest.mark.docker

TAG = "crossload/test-image:2.16.2"
SECRET = "not-to-be-told"
VERSIONS = "import tensorflow as tf; print(tf.__version__, tf.keras.layers.Dense.__module__.split('.')[0])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An image that was built, the folder that it was built from, and what was said of it."""

    client: docker.DockerClient
    folder: Path
    stdout: str

    def run(self, *command: str) -> str:
        """Run something in the image, without a network."""
        said = self.client.containers.run(TAG, list(command), network_mode="none", remove=True)
        return str(said.decode())


def image(folder: Path, address: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Call what `nox -s image` calls, in a process of its own."""
    command = [sys.executable, "-m", "runner.environments.image", *arguments, "--output", str(folder)]
    environment = os.environ | {"DOCKER_HOST": address} | variables
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, docker_host: str) -> Iterator[Built]:
    """Build an image, with secrets among the settings of the installer."""
    folder = tmp_path_factory.mktemp("image")
    netrc = folder.with_name("netrc")
    netrc.write_text(f"machine index.invalid login me password {SECRET}\n", encoding="utf-8")
    done = image(
        folder,
        docker_host,
        *("tf2.16-legacy", "--tag", TAG),
        SSL_CERT_FILE=os.environ.get("SSL_CERT_FILE") or utils.DEFAULT_CA_BUNDLE_PATH,
        NETRC=str(netrc),
        NO_PROXY=f"{SECRET}.invalid",
        UV_INDEX_PRIVATE_PASSWORD=SECRET,
    )
    assert done.returncode == 0, done.stderr
    with closing(docker.DockerClient(base_url=docker_host)) as client:
        yield Built(client=client, folder=folder, stdout=done.stdout)
        client.images.remove(TAG, force=True)


def test_it_runs_by_itself(built: Built) -> None:
    """TensorFlow of the version that the matrix names runs in it without a network, with the matrix's variables."""
    assert built.run("python", "-c", VERSIONS).split() == ["2.16.2", "tf_keras"]


def test_it_has_exactly_what_is_pinned(built: Built) -> None:
    """What is installed in it is what requirements.txt pins."""
    code = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}'.lower() for d in m.distributions()))"
    pins = (built.folder / "requirements.txt").read_text(encoding="utf-8").split()
    assert {pin.replace("-", "_") for pin in built.run("python", "-c", code).replace("-", "_").split()} == {
        pin.replace("-", "_") for pin in pins
    }


def test_nothing_has_to_be_compiled(built: Built) -> None:
    """The byte code is in it: an import of TensorFlow without takes three times as long."""
    code = "import importlib.util as u, os; print(os.path.exists(u.cache_from_source(u.find_spec('keras').origin)))"
    assert built.run("python", "-c", code).strip() == "True"


def test_nothing_of_the_installation_is_in_it(built: Built) -> None:
    """No uv, no certificate, no setting of the installer and no secret is in it or in its history."""
    found = built.client.images.get(TAG)
    assert built.run("sh", "-c", "ls /root /usr/local/bin /opt/crossload; env").split().count("uv") == 0
    assert "build" not in built.run("ls", "/").split()
    assert "certificates.pem" not in built.run("sh", "-c", "ls -a /root /opt/crossload /opt/crossload/venv")
    told = f"{found.attrs} {found.history()} {built.run('env')}"
    assert not [word for word in (SECRET, "SSL_CERT", "UV_", "PROXY") if word in told]


def test_no_secret_stays_anywhere(built: Built) -> None:
    """The folder has no secret, and the stage that was given them is gone from the engine."""
    files = {path.name for path in built.folder.iterdir()}
    assert files == {"Dockerfile", "requirements.txt", "uv", "certificates.pem"}
    assert SECRET not in (built.folder / "Dockerfile").read_text(encoding="utf-8")
    histories = [str(each.history()) for each in built.client.images.list(all=True)]
    assert not [history for history in histories if SECRET in history]


def test_it_says_what_to_do_with_it(built: Built) -> None:
    """The tag, the size, the Dockerfile, how to build it by hand and how to run its Python are told."""
    assert built.stdout.startswith(f"{TAG} is ready: 1.")
    assert "TensorFlow 2.16.2 was imported in it" in built.stdout
    assert f"--build-arg UV_INDEX_PRIVATE_PASSWORD --tag {TAG} {built.folder}" in built.stdout
    assert f"docker run --rm --interactive --tty {TAG} python" in built.stdout
    assert SECRET not in built.stdout


def test_no_engine(tmp_path: Path) -> None:
    """Without an engine it ends with 4 and says how to have one."""
    done = image(tmp_path / "out", f"unix://{tmp_path}/d.sock", "tf2.15")
    assert done.returncode == 4
    assert done.stderr.startswith(f"No Docker engine answers at unix://{tmp_path}/d.sock: start it")


def test_image_without_the_python(tmp_path: Path, docker_host: str) -> None:
    """A base image that has another Python ends with 4 and says so, before anything is built."""
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(
        'version: 1\nenvironments: {tf2.15: {tensorflow: "2.15", image: "python:3.9-slim"}}\n'
        f"scenarios: {{dense: {{formats: [h5], folder: {REPOSITORY}/scenarios/dense}}}}\n",
        encoding="utf-8",
    )
    done = image(tmp_path / "out", docker_host, "tf2.15", "--matrix", str(matrix))
    assert done.returncode == 4
    assert "has no Python 3.11: name another `image`, or `python`." in done.stderr
    assert not (tmp_path / "out").exists()
