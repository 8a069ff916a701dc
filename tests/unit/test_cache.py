"""`cache info` and `cache prune`, as a user calls them."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.__main__ import main
from runner.cache.contents import Kind, contents
from runner.cache.use import Use, guard
from runner.options import size
from runner.report import cached

MB = 10**6
DAY = 86400


class Cache:
    """A cache with things in it that are older than each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def environment(self, name: str, days: float, megabytes: int = 3, *, whole: bool = True, root: str = ".") -> Path:
        """Make an environment that was last used so many days ago."""
        folder = self.folder / root / "environments" / name
        (folder / "venv").mkdir(parents=True)
        (folder / "venv" / "wheel").write_bytes(bytes(megabytes * MB))
        if whole:
            (folder / "lock.txt").touch()
        return _aged(folder, days)

    def save(self, name: str, days: float, megabytes: int = 1, *, marked: bool = True) -> Path:
        """Make a save that was last used so many days ago."""
        folder = self.folder / "saves" / f"{name}-1"
        folder.mkdir(parents=True)
        (folder / "arrays.npz").write_bytes(bytes(megabytes * MB))
        if marked:
            (self.folder / "saves" / f"{name}.json").write_text(json.dumps({"folder": folder.name}))
        return _aged(folder, days)

    def prune(self, *options: str) -> None:
        """Prune as the command line does."""
        assert main(["cache", "prune", *options]) == 0

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return the number of things of each kind, and their size in MB."""
        found = contents(self.folder).shares
        return {share.kind: (share.number, share.size // MB) for share in found}


def _aged(folder: Path, days: float) -> Path:
    own, then = guard(folder), time.time() - days * DAY
    own.touch()
    os.utime(own, (then, then))
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """Return an empty cache, which is the user's."""
    monkeypatch.setenv("CROSSLOAD_CACHE", str(tmp_path / "cache"))
    return Cache(tmp_path / "cache")


def test_info_of_nothing(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no cache is there is nothing to tell but where it would be; it is not made."""
    assert main(["cache", "info"]) == 0
    assert capsys.readouterr().out == f"{cache.folder}: 0 B, as nothing is in it yet\n"
    cache.prune("--max-size", "0")
    assert not cache.folder.exists()


def test_info(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """The table says what there is of each kind, how large it is and when it was last used."""
    cache.environment("a", 2)
    cache.environment("b", 1)
    cache.save("c", 3)
    assert main(["cache", "info"]) == 0
    said = capsys.readouterr().out
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() - DAY))
    assert [line.split()[:5] for line in said.splitlines() if line.startswith("environments")] == [
        ["environments", "2", "6.0", "MB", day]
    ]
    assert "saves" in said
    assert "use" not in said.split("last used")[1]


def test_info_as_json(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for programs: bytes, and times in UTC."""
    cache.save("c", 0)
    with Use(cache.folder):
        assert main(["cache", "info", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["folder"], found["runs"]) == (str(cache.folder), 1)
    kinds = {each["kind"]: each for each in found["kinds"]}
    assert set(kinds) == {"saves", "scratch"}
    assert kinds["saves"]["bytes"] >= MB
    assert kinds["saves"]["last_used"].startswith(time.strftime("%Y-%m-%d", time.gmtime()))
    assert found["bytes"] == sum(each["bytes"] for each in found["kinds"])


def test_links_count_once(cache: Cache) -> None:
    """A file that uv has linked from its cache into two environments takes its room once, until all three are gone."""
    first, second = (cache.environment(name, days, 0) for name, days in (("a", 1), ("b", 2)))
    uv = cache.folder / "docker" / "uv"
    uv.mkdir(parents=True)
    (uv / "wheel").write_bytes(bytes(5 * MB))
    for folder in (first, second):
        os.link(uv / "wheel", folder / "venv" / "linked")
    assert cache.sizes == {Kind.ENVIRONMENT: (2, 5), Kind.INSTALLER: (1, 0)}
    cache.prune("--max-size", "1MB")
    assert not first.exists()
    assert not second.exists()
    assert not uv.exists()


def test_least_recently_used_goes_first(cache: Cache) -> None:
    """What was not used for longest is removed, of whatever kind, until the size holds, and no more."""
    old, new = cache.environment("a", 9), cache.environment("b", 1)
    older, newer = cache.save("c", 10), cache.save("d", 2)
    cache.prune("--max-size", "5MB")
    assert [path.exists() for path in (older, old, newer, new)] == [False, False, True, True]
    assert not guard(old).exists()
    cache.prune("--max-size", "5MB")
    assert newer.exists()
    cache.prune("--max-size", "0")
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == [cache.folder / "runs" / "starting.guard"]


def test_without_a_size_what_can_be_used_stays(cache: Cache) -> None:
    """Plain `prune` removes halves, what no marker names, and what dead runs have left; it leaves what can be used."""
    good = [cache.environment("a", 90), cache.environment("f", 90, root="docker"), cache.save("b", 90)]
    bad = [
        cache.environment("c", 0, whole=False),
        cache.save("d", 0, marked=False),
        cache.folder / "saves" / "e.json",
        cache.folder / "saves" / "e.guard",
        cache.folder / "scratch" / "dead",
        cache.folder / "docker" / "runs" / "dead.lock",
    ]
    for path in bad[4:]:
        path.parent.mkdir(parents=True, exist_ok=True)
    bad[2].write_text('{"folder": "e-1"}')
    bad[3].touch()
    bad[4].mkdir()
    bad[5].touch()
    (cache.folder / "runs").mkdir()
    (cache.folder / "runs" / "dead.lock").touch()
    cache.prune("--dry-run")
    assert all(path.exists() for path in bad)
    cache.prune()
    assert [path for path in bad if path.exists()] == []
    assert all(path.exists() for path in good)
    assert [path.suffix for path in cache.folder.rglob("*.guard") if not path.with_suffix("").exists()] == [
        ".guard"
    ] * 2


def test_dry_run_says_what_would_go(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--dry-run` nothing is removed, and what is said is what is then done."""
    folder = cache.environment("a", 1)
    cache.save("b", 0)
    cache.prune("--max-size", "2MB", "--dry-run")
    would = capsys.readouterr().out
    assert folder.exists()
    assert not (cache.folder / "runs").exists()
    cache.prune("--max-size", "2MB")
    assert capsys.readouterr().out == would.replace("Would remove", "Removed")
    assert would.startswith("Would remove 1 environments: 3.0 MB. Left: 1.0 MB.")


def _noted(cache: Cache, folder: Path) -> None:
    with Use(cache.folder) as use:
        use.note(folder)
        cache.prune("--max-size", "0")
        assert folder.exists()


def _noted_dry(cache: Cache, folder: Path) -> None:
    with Use(cache.folder) as use:
        use.note(folder)
        cache.prune("--max-size", "0", "--dry-run")


@pytest.mark.parametrize("during", [_noted, _noted_dry], ids=["prune", "dry-run"])
@pytest.mark.parametrize("kind", ["environment", "save"])
def test_what_a_run_uses_stays(
    cache: Cache, capsys: pytest.CaptureFixture[str], kind: str, during: Callable[[Cache, Path], None]
) -> None:
    """What a living run uses stays, however little may be left, and is told; when the run has ended it can go."""
    folder = cache.environment("a", 9) if kind == "environment" else cache.save("a", 9)
    during(cache, folder)
    said = capsys.readouterr().out
    assert "1 would have gone, but a run uses them." in said
    assert "That is more than 0 B." in said
    cache.prune("--max-size", "0")
    assert not folder.exists()


def test_uv_stays_while_a_run_lives(cache: Cache) -> None:
    """Uv's cache of the containers, which any installation may be using, stays as long as any run lives."""
    uv = cache.folder / "docker" / "uv"
    uv.mkdir(parents=True)
    with Use(cache.folder):
        cache.prune("--max-size", "0")
        assert uv.exists()
    cache.prune("--max-size", "0")
    assert not uv.exists()


def test_closed_folders_and_odd_names(cache: Cache) -> None:
    """What jobs have left is removed and weighed, whatever its names and modes are, and no link is followed."""
    outside = cache.folder.parent / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(bytes(MB))
    folder = cache.save("a", 9, 0)
    closed = folder / "\udcff\n"
    closed.mkdir()
    (closed / "file").touch()
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(outside)
    closed.chmod(0)
    folder.chmod(0)
    assert cache.sizes[Kind.SAVE] == (1, 0)
    cache.prune("--max-size", "0")
    assert not folder.exists()
    assert (outside / "kept").exists()


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("20GB", 20 * 10**9), ("2GiB", 2 * 2**30), ("1.5 MB", 1500000), ("10k", 10000), ("3T", 3 * 10**12)],
)
def test_sizes(text: str, number: int) -> None:
    """A size is a number with a unit: GB is a billion bytes, GiB is 1024 to the third."""
    assert size(text) == number


@pytest.mark.parametrize("text", ["", "GB", "-1", "1e3", "20 gigabytes", "1GBB", "nan"])
def test_what_is_no_size(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no size ends with status 2, and says how to write one."""
    with pytest.raises(SystemExit) as ended:
        main(["cache", "prune", f"--max-size={text}"])
    assert ended.value.code == 2
    assert "is no size; write it as 20GB" in capsys.readouterr().err


def test_how_sizes_are_said() -> None:
    """Sizes are said in the unit that leaves at most three digits."""
    assert [cached.size(number) for number in (0, 999, 1000, 20 * 10**9, 10**16)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "20.0 GB",
        "10000.0 TB",
    ]
