"""Locks: what exactly is installed, resolved by the real uv from an index on this machine."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from runner import releases
from runner.environments import EnvironmentFailure, PassingFailure
from runner.environments.locking import Lock, lock
from runner.environments.nox import HostUv
from runner.model import EnvironmentSpec
from runner.record import Cause
from tests.unit.package_index import Wheel, refusing, serving

SPEC = releases.complete(name="tf2.15", tensorflow="2.15.1", python="3.11", platform="linux-x86_64")
TENSORFLOW = Wheel(name="tensorflow-cpu", version="2.15.1", uploaded="2024-03-08", requires=("numpy",))
OLD, NEW = (
    Wheel(name="numpy", version="1.26.4", uploaded="2024-02-05"),
    Wheel(name="numpy", version="2.0.0", uploaded="2024-06-16"),
)


@contextmanager
def index(folder: Path, *wheels: Wheel, times: bool = True) -> Iterator[None]:
    """Let uv see only these wheels."""
    files = folder / "files"
    files.mkdir()
    with serving(list(wheels), files, times=times) as address, only_index(address, folder):
        yield


@contextmanager
def only_index(address: str, folder: Path) -> Iterator[None]:
    """Let uv ask one index, once, with an empty cache."""
    wanted = {
        "UV_DEFAULT_INDEX": address,
        "UV_CACHE_DIR": str(folder / "uv"),
        "UV_HTTP_RETRIES": "0",
        "UV_NO_CONFIG": "1",
    }
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def resolve(folder: Path, spec: EnvironmentSpec = SPEC) -> Lock:
    """Resolve for the Python that runs the tests."""
    return asyncio.run(lock(spec, HostUv(Path(sys.executable)), folder / "locks"))


def test_resolved_as_of_the_release(tmp_path: Path) -> None:
    """What was uploaded long after the release is not taken."""
    with index(tmp_path, TENSORFLOW, OLD, NEW):
        assert resolve(tmp_path).pins == ("numpy==1.26.4", "tensorflow-cpu==2.15.1")


def test_as_of_today_takes_the_newest(tmp_path: Path) -> None:
    """`as_of: today` shows what a user gets who does not pin."""
    today = releases.complete(name="today", tensorflow="2.15.1", python="3.11", as_of="today", platform="linux-x86_64")
    with index(tmp_path, TENSORFLOW, OLD, NEW):
        assert resolve(tmp_path, today).pins == ("numpy==2.0.0", "tensorflow-cpu==2.15.1")


def test_named_packages_are_not_hidden_by_the_date(tmp_path: Path) -> None:
    """A date before the release of the pair itself holds for everything else."""
    early = releases.complete(
        name="early", tensorflow="2.15.1", python="3.11", as_of=date(2024, 2, 20), platform="linux-x86_64"
    )
    with index(tmp_path, TENSORFLOW, OLD, NEW):
        assert resolve(tmp_path, early).pins == ("numpy==1.26.4", "tensorflow-cpu==2.15.1")


def test_index_without_upload_times_falls_back_and_says_so(tmp_path: Path) -> None:
    """Where the index cannot say what existed then, shipped constraints do, and the lock says that they did."""
    with index(tmp_path, TENSORFLOW, OLD, NEW, times=False):
        found = resolve(tmp_path)
    assert found.pins == ("numpy==1.26.4", "tensorflow-cpu==2.15.1")
    assert "no upload times" in found.note


def test_lock_is_kept(tmp_path: Path) -> None:
    """A lock that was made is used again without asking the index."""
    with index(tmp_path, TENSORFLOW, OLD, NEW):
        first = resolve(tmp_path)
    with only_index("http://127.0.0.1:9/index/", tmp_path):
        assert resolve(tmp_path) == first


def test_nothing_satisfies(tmp_path: Path) -> None:
    """A requirement that nothing satisfies is unresolvable; the sentence names it and says what to change."""
    with index(tmp_path, OLD), pytest.raises(EnvironmentFailure) as caught:
        resolve(tmp_path)
    assert caught.value.cause is Cause.ENVIRONMENT_UNRESOLVABLE
    assert "tensorflow-cpu==2.15.1" in caught.value.explanation
    assert "`packages`" in caught.value.explanation


def test_index_that_does_not_answer(tmp_path: Path) -> None:
    """An index that does not answer is a matter of the network, and the sentence says so."""
    with only_index("http://127.0.0.1:9/index/", tmp_path), pytest.raises(EnvironmentFailure) as caught:
        resolve(tmp_path)
    assert caught.value.cause is Cause.ENVIRONMENT_INSTALL
    assert "did not answer" in caught.value.explanation


@pytest.mark.parametrize(
    ("status", "passes"), [(500, True), (503, True), (429, True), (408, True), (401, False), (403, False)]
)
def test_index_that_refuses(tmp_path: Path, status: int, passes: bool) -> None:
    """An index that is overloaded, or broken, may answer in a while; one that wants a password will not."""
    with refusing(status) as address, only_index(address, tmp_path), pytest.raises(EnvironmentFailure) as caught:
        resolve(tmp_path)
    assert isinstance(caught.value, PassingFailure) is passes
    assert str(status) in caught.value.explanation


def test_cpu_wheel_keeps_the_full_one_out(tmp_path: Path) -> None:
    """A package that asks for `tensorflow` does not bring the full wheel in beside the CPU one."""
    legacy = releases.complete(
        name="legacy", tensorflow="2.16.2", tf_keras="2.16.0", python="3.11", platform="linux-x86_64"
    )
    wheels = (
        Wheel(name="tensorflow-cpu", version="2.16.2", uploaded="2024-06-28"),
        Wheel(name="tensorflow", version="2.16.2", uploaded="2024-06-28"),
        Wheel(name="tf-keras", version="2.16.0", uploaded="2024-03-09", requires=("tensorflow>=2.16,<2.17",)),
    )
    with index(tmp_path, *wheels):
        assert resolve(tmp_path, legacy).pins == ("tensorflow-cpu==2.16.2", "tf-keras==2.16.0")
