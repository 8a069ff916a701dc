"""
What containers are for, proved from inside: hostile scripts try each wall, and those beside them come out right.

A script that tries something and is refused passes, and one that succeeds says at what.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import docker
import pytest

from runner.cache import cache_folder
from runner.files import remove
from runner.record import Cause, Phase, Record, Status
from tests.integration.conftest import HERE, Ran, run

pytestmark = pytest.mark.docker

MATRIX = HERE / "walls.yaml"
INNOCENTS = ("innocent_a", "innocent_b", "innocent_c")
TRIED = ("network", "writes", "reads", "identity", "meddles")
SURVIVED = ("kills", "fills_memory_as_files", "leaves_rubbish", "prints")
ALONE = (*TRIED, "kills", "leads_out", "hungry_children", "prints")
"""What is run in containers of their own as well: what else dies or hangs is tried again in one anyway."""

NOT_JUDGED = {
    "hungry": Cause.OUT_OF_MEMORY,
    "hungry_children": Cause.OUT_OF_MEMORY,
    "fills_disk": Cause.DISK_FULL,
    "fills_disk_unseen": Cause.DISK_FULL,
    "leaves_depth": Cause.DISK_FULL,
}
DIED = {"hangs": Status.TIMEOUT, "segfaults": Status.CRASH, "aborts": Status.CRASH}
SECRETS = {"RUNNERS_SECRET": "a secret of the runner"}
KEPT = 32 * 2**20
"""Bytes; more than the small models and what was seen of them, and less than what was written in vain."""


@dataclass(kw_only=True)
class Site:
    """
    A cache of its own, with what must stay as it is beside it, and what was seen while a run used it.

    Attributes:
        containers: How each container was made, by its id.
    """

    folder: Path
    ran: Ran
    containers: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        """Return the cache."""
        return self.folder / "cache"

    @property
    def cells(self) -> Mapping[str, Record]:
        """Return the records by scenario."""
        return {cell.scenario: cell for cell in self.ran.results.cells}


def site(folder: Path, output: Path, host: str, *arguments: str) -> Site:
    """Run the matrix, with a cache in a folder, and with the environments of the usual one."""
    for name in ("docker", "environments", "locks"):
        (cache_folder() / name).mkdir(parents=True, exist_ok=True)
        (folder / "cache").mkdir(exist_ok=True)
        (folder / "cache" / name).symlink_to(cache_folder() / name)
    (folder / "outside").mkdir(0o750)
    (folder / "outside" / "kept").write_text("kept")
    variables = {"DOCKER_HOST": host, "CROSSLOAD_CACHE": str(folder / "cache"), **SECRETS}
    arguments = ("--matrix", str(MATRIX), "--fresh", "--jobs", "2", "--remedies", "none", *arguments)
    with watched(host, folder) as containers:
        ran = run(output, *arguments, variables=variables)
    return Site(folder=folder, ran=ran, containers=containers)


@contextmanager
def watched(host: str, folder: Path) -> Iterator[dict[str, Mapping[str, Any]]]:
    """Give the settings of all containers that see a folder, as they come."""
    seen: dict[str, Mapping[str, Any]] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            seen.update((str(each.id), each.attrs) for each in containers_of(host, folder))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()


def containers_of(host: str, folder: Path) -> list[Any]:
    """Return the containers that see a folder."""
    client = docker.DockerClient(base_url=host)
    with suppress(docker.errors.NotFound):  # one has gone while they were listed
        found = client.containers.list(all=True, filters={"label": "crossload.run"})
        return [
            each for each in found if any(mount["Source"].startswith(str(folder)) for mount in each.attrs["Mounts"])
        ]
    return []


@contextmanager
def place() -> Iterator[Path]:
    """Give a folder beside the usual cache: below /tmp walls would be others."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="crossload-walls-", dir=cache_folder().parent))
    try:
        yield folder
    finally:
        remove(folder)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, docker_host: str) -> Iterator[Site]:
    """Run all of them in one container, two at a time."""
    with place() as folder:
        yield site(folder, tmp_path_factory.mktemp("shared"), docker_host, "--env", "shared")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, docker_host: str) -> Iterator[Site]:
    """Run some of them, each job in a container of its own."""
    chosen = [word for name in ALONE for word in ("--scenario", name)]
    with place() as folder:
        yield site(folder, tmp_path_factory.mktemp("alone"), docker_host, "--env", "alone", *chosen)


@pytest.fixture(scope="module", params=["shared", "alone"])
def either(request: pytest.FixtureRequest) -> Site:
    """Return the run with each kind of isolation."""
    found: Site = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory, docker_host: str) -> Iterator[Site]:
    """Run those that only harm themselves as processes of this machine."""
    chosen = [word for name in ("hangs", "segfaults", "aborts") for word in ("--scenario", name)]
    with place() as folder:
        arguments = ("--env", "shared", "--backend", "nox", *chosen)
        yield site(folder, tmp_path_factory.mktemp("outside"), docker_host, *arguments)


def told(cell: Record) -> str:
    """Return what a cell says, for whoever reads why a test has failed."""
    return f"{cell.explanation} {cell.exception.message if cell.exception else ''}"


@pytest.mark.parametrize("name", INNOCENTS)
def test_neighbours_are_unharmed(shared: Site, name: str) -> None:
    """Whatever others do in the same container, a script that does nothing wrong passes."""
    assert shared.cells[name].status is Status.PASS, told(shared.cells[name])


@pytest.mark.parametrize("name", [*TRIED, "kills", "prints"])
def test_walls_hold(either: Site, name: str) -> None:
    """A script that tries to get out, or at its neighbours, is refused each time, and goes on as if it had not."""
    assert either.cells[name].status is Status.PASS, told(either.cells[name])


@pytest.mark.parametrize("name", SURVIVED)
def test_what_is_wasted_is_its_own(shared: Site, name: str) -> None:
    """A script that fills, litters or floods what it may write to passes, as it harms nothing."""
    assert shared.cells[name].status is Status.PASS, told(shared.cells[name])


@pytest.mark.parametrize("name", NOT_JUDGED)
def test_limits_are_no_incompatibility(shared: Site, name: str) -> None:
    """What takes too much memory or disk is an error that says which, also if children or nameless files take it."""
    cell = shared.cells[name]
    assert (cell.status, cell.cause) == (Status.ERROR, NOT_JUDGED[name]), told(cell)


def test_memory_of_a_job_that_is_alone(alone: Site) -> None:
    """The same holds in a container of its own."""
    cell = alone.cells["hungry_children"]
    assert (cell.status, cell.cause) == (Status.ERROR, Cause.OUT_OF_MEMORY), told(cell)


@pytest.mark.parametrize("name", DIED)
def test_hangs_and_crashes_are_told_apart(shared: Site, name: str) -> None:
    """What never ends is a timeout, and what dies of a signal is a crash that names it."""
    cell = shared.cells[name]
    assert (cell.status, cell.phase, cell.attempts) == (DIED[name], Phase.SAVE, 2), told(cell)
    signals = {"segfaults": "SIGSEGV", "aborts": "SIGABRT"}
    assert signals.get(name, "`limits.seconds`") in cell.explanation


def test_processes_without_end(shared: Site) -> None:
    """What forks without end is ended for that, though each of its processes leaves its session."""
    cell = shared.cells["bomb"]
    assert (cell.status, cell.cause) == (Status.FAIL, Cause.SCENARIO_ERROR), told(cell)
    assert "process after process" in cell.explanation


def test_processes_that_are_left_behind(shared: Site) -> None:
    """A script that goes away is judged for that, whatever it leaves running."""
    cell = shared.cells["leaves_bomb"]
    assert (cell.status, cell.cause) == (Status.FAIL, Cause.SCENARIO_ERROR), told(cell)


def test_both_backends_tell_them_apart_alike(shared: Site, outside: Site) -> None:
    """Hangs and crashes come to the same in a container and outside of it."""
    found = {name: (cell.status, cell.phase, cell.cause, cell.attempts) for name, cell in outside.cells.items()}
    assert len(found) == 3
    assert found == {
        name: (cell.status, cell.phase, cell.cause, cell.attempts)
        for name, cell in shared.cells.items()
        if name in found
    }


def test_link_out_of_an_artifact_leads_nowhere(either: Site) -> None:
    """A link to a folder of this machine, which a save put in the place of its artifact, is refused and not opened."""
    cell = either.cells["leads_out"]
    assert (cell.status, cell.phase, cell.cause) == (Status.FAIL, Phase.LOAD, Cause.ARTIFACT_CORRUPT), told(cell)
    assert "symbolic link" in cell.explanation


def test_nothing_outside_was_touched(either: Site) -> None:
    """What links led to is as it was: nothing in it is new, and its content and its modes are the same."""
    folder = either.folder / "outside"
    assert [path.name for path in folder.iterdir()] == ["kept"]
    assert (folder / "kept").read_text() == "kept"
    assert (folder / "kept").stat().st_nlink == 1
    assert folder.stat().st_mode & 0o777 == 0o750


def test_space_is_given_back(either: Site) -> None:
    """After the run its scratch folder is gone, and no save of what was not judged takes room."""
    assert list((either.cache / "scratch").iterdir()) == []
    files = [path for path in (either.cache / "saves").rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    assert sum(path.stat().st_size for path in files) < KEPT


def test_containers(either: Site, docker_host: str) -> None:
    """Each container has all its walls, its log has a limit, and none is left."""
    spoken_to = [attributes for attributes in either.containers.values() if attributes["Config"]["OpenStdin"]]
    assert spoken_to  # others install what is not there yet
    for attributes in spoken_to:
        settings = attributes["HostConfig"]
        assert settings["NetworkMode"] == "none"
        assert settings["ReadonlyRootfs"]
        assert settings["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in settings["SecurityOpt"]
        assert settings["PidsLimit"] == 1024
        assert settings["Memory"] == settings["MemorySwap"] > 0
        assert settings["LogConfig"]["Config"]["max-size"] == "1m"
    assert containers_of(docker_host, either.folder) == []


def test_logs_are_bounded(either: Site) -> None:
    """What a script prints without end takes no more room than its limit."""
    sizes = [path.stat().st_size for path in (either.ran.output / "logs").iterdir()]
    assert sizes
    assert max(sizes) < 300 * 1024
    assert "prints" in {path.name.partition(".")[0] for path in (either.ran.output / "logs").iterdir()}


def test_what_was_left_can_be_removed(shared: Site) -> None:
    """The caller can remove all that scripts have left in the cache, whatever its names and modes are."""
    saves = shared.cache / "saves"
    left = [folder for folder in saves.iterdir() if (folder / "scratch" / "fifo").exists()]
    assert left
    remove(left[0])
    assert not left[0].exists()
