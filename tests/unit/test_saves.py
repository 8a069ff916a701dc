"""A save that is kept is given to a run only as it was left, and is not taken from under it."""

import asyncio
import json
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from runner.cache.pruning import prune
from runner.environments import Environment
from runner.execution.content import content
from runner.execution.run import Executed, execute
from runner.files import TooLargeError
from runner.model import Backend, EnvironmentSpec
from runner.plan import Filters, Plan, plan
from runner.record import Status
from tests.fakes import SAVE, FakeBuilder, Heard, Lab, environment, matrix

COUNTED = "\n    import os; open(os.path.abspath(os.path.join(__file__, '../../../count')), 'a').write('x')" + SAVE
"""A save script that leaves a byte in the folder of its lab."""


class Kept:
    """Two saves that an earlier run has kept, of one scenario in two environments."""

    def __init__(self, folder: Path) -> None:
        self.lab = Lab(folder)
        self._count = folder / "count"

    def run(self) -> int:
        """Run, without a journal; return how many saves were made."""
        (self.lab.output / "results.jsonl").unlink(missing_ok=True)
        self._count.write_text("")
        records = self.lab.run(self.lab.scenario("one", COUNTED), ["tf1", "tf2"])
        assert {record.status for record in records.values()} == {Status.PASS}
        return len(self._count.read_text())

    @property
    def folders(self) -> list[Path]:
        """Return the folders of the saves."""
        return sorted(path for path in self.lab.saves.iterdir() if path.is_dir())

    @property
    def markers(self) -> list[Path]:
        """Return the markers of the saves, in the order of the folders."""
        return sorted(self.lab.saves.glob("*.json"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a lab that has saved twice."""
    folder = tmp_path_factory.mktemp("first")
    assert Kept(folder).run() == 2
    return folder


@pytest.fixture
def kept(first: Path, tmp_path: Path) -> Kept:
    """Return the two saves, in a copy of the lab."""
    shutil.copytree(first, tmp_path, dirs_exist_ok=True)
    return Kept(tmp_path)


def _flip(path: Path) -> None:
    """Change one bit, and neither size nor times."""
    data, status = bytearray(path.read_bytes()), path.stat()
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _swap(first: Path, second: Path) -> None:
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def _link(folder: Path) -> None:
    """Put a link to a folder in its place."""
    elsewhere = folder.parents[2] / folder.name
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


def _edit(marker: Path, **changed: object) -> None:
    marker.write_text(json.dumps(json.loads(marker.read_bytes()) | changed))


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _swap_all(kept: Kept) -> None:
    _swap(*kept.markers)
    _swap(*kept.folders)


def _in_first(name: str, do: Callable[[Path], object]) -> Callable[[Kept], object]:
    return lambda kept: do(kept.folders[0] / name)


FILES = ("artifact/model.h5", "arrays.npz", "observation.json", "log")
ONE: dict[str, Callable[[Kept], object]] = {
    **{f"flip {name}": _in_first(name, _flip) for name in FILES[:3]},
    **{f"truncate {name}": _in_first(name, _truncate) for name in FILES[:3]},
    **{f"delete {name}": _in_first(name, Path.unlink) for name in FILES},
    "empty": lambda kept: (kept.folders[0] / FILES[0]).write_bytes(b""),
    "add": lambda kept: (kept.folders[0] / "artifact" / "more").touch(),
    "add a folder": lambda kept: (kept.folders[0] / "artifact" / "more").mkdir(),
    "add a link": lambda kept: (kept.folders[0] / "artifact" / "more").symlink_to("/"),
    "close": lambda kept: (kept.folders[0] / FILES[0]).chmod(0o400),
    "rename": lambda kept: (kept.folders[0] / FILES[0]).rename(kept.folders[0] / "artifact" / "other.h5"),
    "file is a link": lambda kept: _link(kept.folders[0] / FILES[0]),
    "folder is a link": lambda kept: _link(kept.folders[0]),
    "artifact is a link": lambda kept: _link(kept.folders[0] / "artifact"),
    "folder is gone": lambda kept: shutil.rmtree(kept.folders[0]),
    "folder is empty": lambda kept: _empty(kept.folders[0]),
    "marker is gone": lambda kept: kept.markers[0].unlink(),
    "marker is empty": lambda kept: kept.markers[0].write_bytes(b""),
    "marker is half": lambda kept: _truncate(kept.markers[0]),
    "marker is flipped": lambda kept: _flip(kept.markers[0]),
    "marker is of another version": lambda kept: _edit(kept.markers[0], version=2),
    "marker says more": lambda kept: _edit(kept.markers[0], more=1),
    "marker lies": lambda kept: _edit(kept.markers[0], attempts=2),
    "marker leads out": lambda kept: _edit(kept.markers[0], folder=f"../saves/{kept.folders[0].name}"),
    "marker is nested": lambda kept: kept.markers[0].write_bytes(b"[" * 100000),
    "marker is a list": lambda kept: kept.markers[0].write_bytes(b"[]"),
}
"""Ways to damage the first of two saves."""

BOTH: dict[str, Callable[[Kept], object]] = {
    "swap folders": lambda kept: _swap(*kept.folders),
    "swap artifacts": lambda kept: _swap(*(folder / FILES[0] for folder in kept.folders)),
    "swap markers": lambda kept: _swap(*kept.markers),
    "swap all": _swap_all,
}


@pytest.mark.parametrize("damage", ONE.values(), ids=ONE)
def test_damaged(kept: Kept, damage: Callable[[Kept], object]) -> None:
    """A save that is not as it was left is made again, the other one is not, and then both are good."""
    damage(kept)
    assert kept.run() == 1
    assert kept.run() == 0


@pytest.mark.parametrize("damage", BOTH.values(), ids=BOTH)
def test_swapped(kept: Kept, damage: Callable[[Kept], object]) -> None:
    """Two saves that have changed places, as wholes or in part, are made again."""
    if damage is BOTH["swap artifacts"]:  # their content is the same; one of them is made to differ
        _flip(kept.folders[0] / FILES[0])
        damage(kept)
        assert kept.run() == 1
    else:
        damage(kept)
        assert kept.run() == 2
    assert kept.run() == 0


def test_copied(kept: Kept, tmp_path: Path) -> None:
    """A cache whose files have other times, as after a copy, is as good as before."""
    shutil.copytree(kept.lab.saves, tmp_path / "copy", copy_function=shutil.copyfile)
    shutil.rmtree(kept.lab.saves)
    (tmp_path / "copy").rename(kept.lab.saves)
    for folder in kept.folders:
        for path in folder.rglob("*"):
            os.utime(path, (0, 0))
    assert kept.run() == 0


def test_size_that_is_not_there(tmp_path: Path) -> None:
    """A file that says it is larger than all may be is not read."""
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(TooLargeError):
        content(tmp_path, 2**30)


def test_huge_hole(tmp_path: Path) -> None:
    """A save that leaves files that are huge together and empty is used, and not kept."""
    lab, count = Lab(tmp_path), tmp_path / "count"
    hole = COUNTED.replace("model.save(path)", "model.save(path); [open(n, 'wb').truncate(2**26) for n in 'abcdefgh']")
    for _ in range(2):
        (lab.output / "results.jsonl").unlink(missing_ok=True)
        (record,) = lab.run(lab.scenario("one", hole)).values()
        assert record.status is Status.PASS
    assert len(count.read_text()) == 2
    assert [path for path in lab.saves.iterdir() if path.is_dir()] == []


WAITS = """
    import time
    from pathlib import Path
    import tensorflow as tf

    def load(path):
        loads = Path({!r})
        with loads.open("a") as file:
            file.write("x")
        while len(loads.read_text()) < 2:
            time.sleep(0.01)
        return tf.keras.models.load_model(path)
"""
"""A load script that ends when two loads have begun."""


class Meeting:
    """Two runs of one cell with one cache; the second starts when the first loads."""

    def __init__(self, folder: Path) -> None:
        self.lab, self.loads = Lab(folder), folder / "loads"

    def plan(self) -> Plan:
        """Return the plan of both."""
        return plan(
            matrix([environment("tf1")], [self.lab.scenario("one", SAVE, WAITS.format(str(self.loads)))]), Filters()
        )

    async def meet(self, meanwhile: Callable[[], object] = lambda: None) -> list[Executed]:
        """Run both; the second saves anew."""
        first = asyncio.create_task(self._run("first", fresh=False))
        while not self.loads.exists():
            await asyncio.sleep(0.01)
        meanwhile()
        second = asyncio.create_task(self._run("second", fresh=True))
        return [await first, await second]

    async def _run(self, name: str, *, fresh: bool) -> Executed:
        how = replace(self.lab.options(fresh=fresh), output=self.lab.folder / name)
        return await execute(self.plan(), {Backend.NOX: self.lab.builder()}, {}, how, Heard())


def test_saved_anew_while_another_run_loads(tmp_path: Path) -> None:
    """A run that saves anew takes nothing from a run that loads, and when both have ended one save is left."""
    meeting = Meeting(tmp_path)
    assert [each.records[0].status for each in asyncio.run(meeting.meet())] == [Status.PASS, Status.PASS]
    assert len([path for path in meeting.lab.saves.iterdir() if path.is_dir()]) == 1
    assert list((tmp_path / "cache" / "runs").glob("*.used")) == []


def test_pruned_while_a_run_loads(tmp_path: Path) -> None:
    """What a run uses is not pruned while it lives, and can be when it has ended."""
    meeting, cache = Meeting(tmp_path), tmp_path / "cache"
    kept: list[int] = []
    found = asyncio.run(meeting.meet(lambda: kept.append(prune(cache, 0).kept)))
    assert [each.records[0].status for each in found] == [Status.PASS, Status.PASS]
    assert kept == [1]
    prune(cache, 0)
    assert list(meeting.lab.saves.iterdir()) == []


def test_pruned_again_and_again(tmp_path: Path) -> None:
    """Two runs with one cache, one of which saves anew, find the same while all that can go is pruned all the time."""
    lab, going = Lab(tmp_path), threading.Event()
    specs = [environment("tf1"), environment("tf2")]
    wanted = plan(matrix(specs, [lab.scenario(name) for name in ("a", "b", "c")]), Filters())

    async def run(name: str, *, fresh: bool) -> Executed:
        how = replace(lab.options(fresh=fresh), output=tmp_path / name)
        return await execute(wanted, {Backend.NOX: lab.builder()}, {}, how, Heard())

    async def both() -> tuple[Executed, Executed]:
        return await asyncio.gather(run("first", fresh=False), run("second", fresh=True))

    def prune_all() -> int:
        times = 0
        while not going.is_set():
            prune(tmp_path / "cache", 0)
            times += 1
        return times

    with ThreadPoolExecutor() as pool:
        pruning = pool.submit(prune_all)
        try:
            found = [each for _ in range(3) for each in asyncio.run(both())]
        finally:
            going.set()
        assert pruning.result() > 0
    assert {record.status for each in found for record in each.records} == {Status.PASS}


class Pruned(FakeBuilder):
    """A builder whose first environment is pruned before the run has noted that it uses it."""

    async def prepare(self, spec: EnvironmentSpec) -> Environment:
        """Return an environment; see `Builder`."""
        made = await super().prepare(spec)
        if len(self.prepared) == 1:
            prune(made.folder.parents[1], 0)
            assert not made.folder.exists()
        return made


def test_environment_pruned_before_it_is_used(tmp_path: Path) -> None:
    """An environment that is pruned just after it was found is made again, and from then on it stays."""
    lab, builder = Lab(tmp_path), Pruned(tmp_path / "cache" / "environments")
    (record,) = lab.execute(plan(matrix([environment("tf1")], [lab.scenario("one")]), Filters()), builder).records
    assert record.status is Status.PASS
    assert builder.prepared == ["tf1", "tf1"]
