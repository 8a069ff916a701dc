"""
What a run uses of the cache, so that nothing is taken from under it.

A run holds a lock as long as it lives, and has a list of what it uses beside it. What is on the list of a run is
neither removed nor changed; it is written under the guard of the entry, and whoever removes an entry reads all lists
under that guard. Where the lock of a run can be had the run is dead: the next one removes what it has left.
"""

import json
import os
import re
import uuid
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import AsyncFileLock, FileLock, Timeout

from runner.files import emptied, remove
from runner.writing import unwritable

SAVES = "saves"
_LOCK, _USED, _LEAVING = ".lock", ".used", ".leaving"


class Use:
    """
    What one run uses.

    Args:
        cache: The cache.

    Attributes:
        scratch: A folder of the run's own, which is empty, and gone when the run has ended.

    Raises:
        OutputError: If the cache cannot be written.
    """

    def __init__(self, cache: Path) -> None:
        name = uuid.uuid4().hex
        self._cache, self._noted = cache, set[str]()
        self._used = runs_folder(cache) / (name + _USED)
        self._lock = FileLock(self._used.with_suffix(_LOCK))
        try:
            self._used.parent.mkdir(parents=True, exist_ok=True)
            with starting(cache):
                self._lock.acquire()
            self._used.touch()
        except OSError as error:
            raise unwritable(self._used, error) from error
        sweep(cache)
        self.scratch = emptied(cache / "scratch" / name)

    async def hold(self, entry: Path) -> bool:
        """Use an entry from now on; tell whether it is there. What is not in the cache nobody removes."""
        if not entry.is_relative_to(self._cache):
            return True
        async with guarded(entry):
            self.note(entry)
            return entry.exists()

    def note(self, entry: Path) -> None:
        """
        Use an entry from now on; the caller holds its guard.

        Raises:
            OutputError: If that cannot be noted.
        """
        name = str(entry.relative_to(self._cache))
        try:
            os.utime(guard(entry))
            if name not in self._noted:
                self._noted.add(name)
                with self._used.open("a", encoding="utf-8") as used:
                    used.write(f"{name}\n")
        except OSError as error:
            raise unwritable(self._used, error) from error

    def replaced(self, folder: Path, before: str) -> None:
        """
        Remove the folder that was in the place of a new one, unless a run uses it; the caller holds the guard.

        Args:
            before: Its name, as the marker said.
        """
        old = folder.parent / before
        if old.parent == folder.parent and guard(old) == guard(folder) and old.is_relative_to(self._cache):
            remove_unnamed(self._cache, old)

    def close(self) -> None:
        """Use nothing any more."""
        forgotten = _forget(self._cache, self._used)
        self._lock.release()
        if forgotten:
            Path(self._lock.lock_file).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def guard(entry: Path) -> Path:
    """
    Return the lock under which an entry is made, changed and removed; its time is when the entry was last used.

    All that is made of one save has the same.
    """
    return entry.with_name(re.split("[-.]", entry.name)[0] + ".guard")


@asynccontextmanager
async def guarded(entry: Path) -> AsyncIterator[None]:
    """Hold the guard of an entry; while another run has it, which is seldom, a thread waits and the loop goes on."""
    path = guard(entry)
    try:
        held = FileLock(path, timeout=0).acquire()
    except Timeout:
        async with AsyncFileLock(path):
            yield
        return
    with held:
        yield


def marker(folder: Path) -> Path:
    """Return what says which folder holds a save: beside it, as the job that saves can write to the folder."""
    return guard(folder).with_suffix(".json")


def named(path: Path) -> str | None:
    """Return the folder that a marker names, if it is a marker that can be read."""
    try:
        return str(json.loads(path.read_bytes())["folder"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def runs_folder(cache: Path) -> Path:
    """Return where the locks and the lists of the runs are."""
    return cache / "runs"


def used(cache: Path, runs: Collection[str] | None = None) -> set[str]:
    """Return all that some runs use, relative to the cache; all runs, where it does not matter that some are dead."""
    names: set[str] = set()
    for path in runs_folder(cache).glob(f"*{_USED}"):
        if runs is not None and path.stem not in runs:
            continue
        with suppress(FileNotFoundError):
            names.update(path.read_text(encoding="utf-8").splitlines())
    return names


@contextmanager
def starting(cache: Path) -> Iterator[None]:
    """Let no run begin."""
    with FileLock(runs_folder(cache) / "starting.guard"):
        yield


def living(cache: Path) -> set[str]:
    """Return the names of the runs that live."""
    return {path.stem for path in runs_folder(cache).glob(f"*{_LOCK}") if not is_free(path)}


def is_free(lock: Path) -> bool:
    """Tell whether nobody holds a lock that is there."""
    try:
        with FileLock(lock, timeout=0):
            return True
    except Timeout:
        return False


def sweep(cache: Path) -> None:
    """Remove what runs have left that were killed."""
    for path in runs_folder(cache).glob(f"*{_LOCK}"):
        with suppress(Timeout, OSError), FileLock(path, timeout=0):
            if _forget(cache, path.with_suffix(_USED)):
                path.unlink(missing_ok=True)


def _forget(cache: Path, used_by_it: Path) -> bool:
    """
    Remove the scratch of a run that ends or is dead, its list, and its saves that no other run will find.

    The list goes first, under another name, by which the next run goes on if this one is killed meanwhile: from then on
    whoever puts another save in the place of one sees to that one.

    Returns:
        Whether that was all; what another run is about to make stays on the list, for the next time.
    """
    remove(cache / "scratch" / used_by_it.stem)
    leaving = used_by_it.with_suffix(_LEAVING)
    try:
        if used_by_it.exists():
            used_by_it.rename(leaving)
        names = leaving.read_text(encoding="utf-8").splitlines()
    except OSError:
        return True
    saves = (name for name in names if Path(name).parent == Path(SAVES))
    if left := [name for name in saves if not _let_go(cache, cache / name)]:
        used_by_it.write_text("".join(f"{name}\n" for name in left), encoding="utf-8")
    leaving.unlink()
    return not left


def _let_go(cache: Path, folder: Path) -> bool:
    """Remove a save that no other run will find; tell whether nobody was about to make it."""
    if folder.exists() and named(marker(folder)) != folder.name:
        with suppress(OSError):
            try:
                with FileLock(guard(folder), timeout=0):
                    remove_unnamed(cache, folder)
            except Timeout:
                return False
    return True


def remove_unnamed(cache: Path, folder: Path) -> None:
    """Remove the folder of a save unless its marker names it or a run uses it; the caller holds the guard."""
    if named(marker(folder)) != folder.name and str(folder.relative_to(cache)) not in used(cache):
        remove(folder)
