"""
A Docker engine for the tests: a real one, installed if need be and started beside whatever else runs here.

Where an engine of the user answers already, it is used as it is.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp

import docker
import pytest

from tests.integration import base_images

PYTHONS = ("3.9", "3.11", "3.13")
START_SECONDS = 60
_PACKAGES = ("docker.io", "iptables", "iproute2", "busybox-static")
_HOW_TO_LEAVE_OUT = "Start Docker, or leave out the tests that need it: nox -s tests -- -m 'not docker'."


class Engine:
    """
    An engine of our own, with images of the Pythons that the tests need.

    Args:
        folder: Where it keeps everything; its socket has a short path.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"unix://{folder}/d.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        (self.folder / "pid").unlink(missing_ok=True)
        command = ["dockerd", "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec"]
        command += ["--pidfile", f"{self.folder}/pid", "-H", self.address, "--log-level=warn"]
        command += [f"--bridge={_bridge()}", "--iptables=false", "--ip6tables=false", "--ip-masq=false"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command, "--userland-proxy=false"], stdout=log, stderr=log
            )
        self._wait()

    def stop(self) -> None:
        """End it, and what runs in it."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)

    def remove(self) -> None:
        """Remove all that it kept."""
        self.stop()
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
        for path in sorted((line.split()[1] for line in mounts if f" {self.folder}/" in line), reverse=True):
            subprocess.run(["umount", "--lazy", path], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self) -> docker.DockerClient:
        """Return a client of it."""
        return docker.DockerClient(base_url=self.address)

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not _answers(self.address):
            if time.monotonic() > until or self._process is None or self._process.poll() is not None:
                said = (self.folder / "log").read_text(encoding="utf-8")[-2000:]
                pytest.fail(f"The Docker engine of the tests did not start. {_HOW_TO_LEAVE_OUT} It said: {said}")
            time.sleep(0.1)


@contextmanager
def running() -> Iterator[str]:
    """Give the address of an engine that has an image for each of `PYTHONS`."""
    found = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if not found.startswith("unix://") or _answers(found):
        yield found
        return
    with own() as engine:
        yield engine.address


@contextmanager
def own() -> Iterator[Engine]:
    """Give an engine of our own, which may be stopped and started again."""
    _install()
    engine = Engine(Path(mkdtemp(prefix="engine-")))
    try:
        engine.start()
        with closing(engine.client()) as client:
            for version in PYTHONS:
                base_images.ensure(client, version)
        yield engine
    finally:
        engine.remove()


def _answers(address: str) -> bool:
    """Tell whether an engine answers; not by the SDK, which leaves its socket open when nobody does."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(5)
        try:
            asked.connect(address.removeprefix("unix://"))
            asked.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in asked.recv(64)
        except OSError:
            return False


def _bridge() -> str:
    """Return the bridge for the engine: with none it would delete one that another engine has made."""
    if not Path("/sys/class/net/docker0").exists():
        return "none"
    subprocess.run(["ip", "link", "add", "crossload0", "type", "bridge"], capture_output=True, check=False)
    return "crossload0"


def _install() -> None:
    """Install what the engine needs, or say how to go without."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.fail(
            f"No Docker engine answers, and only root on Linux can start one for the tests. {_HOW_TO_LEAVE_OUT}"
        )
    if shutil.which("dockerd") and Path("/bin/busybox").exists():
        return
    if not shutil.which("apt-get"):
        pytest.fail(f"There is no dockerd, and no apt-get to install it with. {_HOW_TO_LEAVE_OUT}")
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *_PACKAGES]
    done = subprocess.run(command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, check=False)
    if done.returncode:
        pytest.fail(f"The Docker engine could not be installed. {_HOW_TO_LEAVE_OUT}")
