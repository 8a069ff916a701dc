"""What is in the cache, by kind, and how much room it takes."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from runner.cache.use import SAVES, guard, living, marker, named, runs_folder

_DAY = 86400
_WHOLE = "lock.txt"


class Kind(StrEnum):
    """What something in the cache is."""

    ENVIRONMENT = "environments"
    CONTAINER = "environments in containers"
    INSTALLER = "uv in containers"
    SAVE = "saves"
    LOCK = "locks"
    SCRATCH = "scratch"
    LEFTOVER = "left over"
    """What no run can use: half of something, what another has taken the place of, what dead runs have left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One thing in the cache.

    Attributes:
        used: When it was last used, in seconds since 1970.
    """

    kind: Kind
    path: Path
    used: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """
    The room that something takes on the disk, in bytes.

    Attributes:
        alone: Of files that have no other name.
        linked: Of each file that has, by its inode: uv links files from its cache into environments.
    """

    alone: int
    linked: dict[int, int]


@dataclass(slots=True)
class Scale:
    """All that was weighed: a file of several names counts once, as long as one of them is there."""

    total: int = 0
    _names: dict[int, int] = field(default_factory=dict)

    def put(self, weight: Weight) -> int:
        """Add something; return by how much the total grows."""
        more = weight.alone
        for inode, size in weight.linked.items():
            self._names[inode] = self._names.get(inode, 0) + 1
            more += size if self._names[inode] == 1 else 0
        self.total += more
        return more

    def take(self, weight: Weight) -> int:
        """Take something away that was put; return by how much the total shrinks."""
        less = weight.alone
        for inode, size in weight.linked.items():
            self._names[inode] -= 1
            less += 0 if self._names[inode] else size
        self.total -= less
        return less


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """
    All of one kind.

    Attributes:
        size: Bytes; a file that several kinds share counts for the first.
        used: When the one was last used that was used last.
    """

    kind: Kind
    number: int
    size: int
    used: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in a cache, and how many runs use it."""

    folder: Path
    shares: tuple[Share, ...]
    size: int
    runs: int


def contents(cache: Path) -> Contents:
    """Weigh everything that is in the cache."""
    scale, found = Scale(), entries(cache)
    shares = tuple(
        _share(kind, of_kind, scale) for kind in Kind if (of_kind := [entry for entry in found if entry.kind is kind])
    )
    return Contents(folder=cache, shares=shares, size=scale.total, runs=len(living(cache)))


def _share(kind: Kind, found: Sequence[Entry], scale: Scale) -> Share:
    size = sum(scale.put(weigh(entry.path)) for entry in found)
    return Share(kind=kind, number=len(found), size=size, used=max(entry.used for entry in found))


def entries(cache: Path) -> list[Entry]:
    """Return everything that is in the cache."""
    return [
        *_environments(cache / "environments", Kind.ENVIRONMENT),
        *_environments(cache / "docker" / "environments", Kind.CONTAINER),
        *_each(cache / "docker", lambda path: Kind.INSTALLER if path.name.startswith("uv") else None),
        *_saves(cache / SAVES),
        *_each(cache / "locks", lambda path: Kind.LOCK if path.suffix == ".txt" else _if_old(path)),
        *_scratch(cache),
        *_each(cache / "docker" / "runs", lambda path: Kind.LEFTOVER if path.suffix == ".lock" else None),
    ]


def weigh(path: Path) -> Weight:
    """Return the room that a file takes, or a folder with all in it; what cannot be seen counts nothing."""
    alone, linked, waiting = 0, dict[int, int](), [path]
    while waiting:
        current = waiting.pop()
        try:
            status = current.lstat()
            alone += status.st_blocks * 512
            if not current.is_symlink() and current.is_dir():
                alone += _weigh_inside(current, linked, waiting)
        except OSError:
            continue
    return Weight(alone=alone, linked=linked)


def _weigh_inside(folder: Path, linked: dict[int, int], waiting: list[Path]) -> int:
    alone = 0
    with os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
                continue
            status = entry.stat(follow_symlinks=False)
            if status.st_nlink > 1:
                linked[status.st_ino] = status.st_blocks * 512
            else:
                alone += status.st_blocks * 512
    return alone


def is_whole(environment: Path) -> bool:
    """Tell whether an environment was installed to its end."""
    return (environment / _WHOLE).exists()


def condemn(environment: Path) -> None:
    """Let an environment be no longer whole: whoever finds it makes it anew."""
    (environment / _WHOLE).unlink(missing_ok=True)


def is_stale(path: Path) -> bool:
    """Tell whether a marker names no folder that is there."""
    name = named(path)
    return name is None or not path.with_name(name).is_dir()


def _environments(folder: Path, kind: Kind) -> Iterator[Entry]:
    def judge(path: Path) -> Kind | None:
        if path.suffix == ".guard":
            return None if path.with_suffix("").exists() else Kind.LEFTOVER
        return kind if is_whole(path) else Kind.LEFTOVER

    return _each(folder, judge)


def _saves(folder: Path) -> Iterator[Entry]:
    def judge(path: Path) -> Kind | None:
        match path.suffix:
            case ".guard":
                return None if path.with_suffix(".json").exists() else Kind.LEFTOVER
            case ".json":
                return Kind.LEFTOVER if is_stale(path) else None
            case ".part":
                return _if_old(path)
            case _:
                return Kind.SAVE if named(marker(path)) == path.name else Kind.LEFTOVER

    return _each(folder, judge)


def _scratch(cache: Path) -> Iterator[Entry]:
    alive = living(cache)

    def judge(path: Path) -> Kind | None:
        if path.name in alive:
            return Kind.SCRATCH
        return Kind.LEFTOVER if (runs_folder(cache) / f"{path.name}.lock").exists() else _if_old(path) or Kind.SCRATCH

    return _each(cache / "scratch", judge)


def _each(folder: Path, judge: Callable[[Path], Kind | None]) -> Iterator[Entry]:
    for path in _listed(folder):
        kind = judge(path)
        if kind is not None:
            yield Entry(kind=kind, path=path, used=_used(path))


def _listed(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()


def _used(path: Path) -> float:
    """Return when something was last used: the time of its guard says so where it has one."""
    for each in (guard(path), path):
        try:
            return each.lstat().st_mtime
        except OSError:
            continue
    return 0.0


def _if_old(path: Path) -> Kind | None:
    """Take for left over what nobody holds a lock for, and nobody has changed for a day."""
    return Kind.LEFTOVER if time.time() - _used(path) > _DAY else None
