"""What a container is given of this machine: mounts, and settings for the installer."""

import os
from pathlib import Path

import pytest

from runner.environments.containers import Task
from runner.environments.engine import Image
from runner.environments.variables import for_container, forwarded
from tests.fakes import environment

IMAGE = Image(id="sha256:0", content="", reference="python", name="python:3.11-slim")


def task(*, readable: tuple[str, ...] = (), writable: tuple[str, ...] = ()) -> Task:
    """Return something to run that needs these paths."""
    paths = (tuple(map(Path, readable)), tuple(map(Path, writable)))
    return Task(image=IMAGE, command=("true",), variables={}, readable=paths[0], writable=paths[1])


def test_paths_are_the_same_on_both_sides_of_the_wall() -> None:
    """What is mounted is found at its own path, and only what must be written can be."""
    mounts = task(readable=("/a", "/b"), writable=("/c",)).mounts()
    assert [(each["Source"], each["Target"], each["ReadOnly"]) for each in mounts] == [
        ("/a", "/a", True),
        ("/b", "/b", True),
        ("/c", "/c", False),
    ]


def test_nothing_is_mounted_twice() -> None:
    """What is named twice, or lies in a folder that is mounted to be written, needs no mount of its own."""
    mounts = task(readable=("/a", "/a", "/c/d", "/c"), writable=("/c",)).mounts()
    assert [(each["Source"], each["ReadOnly"]) for each in mounts] == [("/a", True), ("/c", False)]


def test_the_callers_variables_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A harness in a container has the variables of the matrix and ours, and none of the caller's."""
    monkeypatch.setenv("API_TOKEN", "secret")
    variables = for_container(environment("tf2.15", TF_USE_LEGACY_KERAS="1"), "/run/home")
    assert not {"API_TOKEN", "PATH"} & set(variables)
    assert "secret" not in variables.values()
    assert variables["TF_USE_LEGACY_KERAS"] == "1"
    assert variables["HOME"] == "/run/home"


def test_an_installer_hears_where_the_index_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Index, proxy and certificates are handed on; what names a place on this machine, and all else, is not."""
    for name in os.environ:
        monkeypatch.delenv(name)
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    given = {"UV_DEFAULT_INDEX": "https://index.example.com", "https_proxy": "http://proxy:3128", "NO_PROXY": "a,b"}
    kept_back = {"UV_INDEX": "file:///opt/wheels", "UV_CACHE_DIR": "/cache", "API_TOKEN": "secret"}
    for name, value in {**given, **kept_back, "HOME": str(tmp_path), "PIP_CERT": str(bundle)}.items():
        monkeypatch.setenv(name, value)
    found = forwarded()
    certificates = dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"), str(bundle))
    assert found.variables == {**given, **certificates}
    assert found.files == (bundle,)


def test_an_installer_is_given_the_users_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user's settings of uv and passwords of indexes are handed on by name, where there are any."""
    for name in os.environ:
        monkeypatch.delenv(name)
    settings, passwords = tmp_path / ".config" / "uv" / "uv.toml", tmp_path / ".netrc"
    settings.parent.mkdir(parents=True)
    settings.touch()
    passwords.touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    found = forwarded()
    assert found.variables == {"UV_CONFIG_FILE": str(settings), "NETRC": str(passwords)}
    assert found.files == (settings, passwords)
