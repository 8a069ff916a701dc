"""Make room in the cache: what no run can use goes, then what was used least recently; what a run uses stays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from runner.cache.contents import Entry, Kind, Scale, Weight, condemn, entries, is_stale, is_whole, weigh
from runner.cache.use import SAVES, Use, guard, is_free, living, marker, remove_unnamed, starting, used
from runner.files import remove


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """
    What was removed.

    Attributes:
        removed: Entries, in the order in which they went.
        freed: Bytes.
        left: Bytes that are still there.
        kept: How many entries would have gone, but a run uses them.
    """

    removed: tuple[Entry, ...]
    freed: int
    left: int
    kept: int


def prune(cache: Path, most: int | None = None, *, dry: bool = False) -> Pruned:
    """
    Remove what no run can use, and more until the size holds.

    Args:
        most: Bytes that may be left; None removes nothing that can be used.
        dry: Whether to remove nothing, and only tell what would go.

    Raises:
        OutputError: If the cache cannot be written.
    """
    if not cache.is_dir():
        return Pruned(removed=(), freed=0, left=0, kept=0)
    if dry:
        return _pruned(cache, most, lambda entry: not _is_in_use(cache, entry))
    with Use(cache) as own:
        return _pruned(cache, most, Remover(cache, own.scratch).remove)


@dataclass(frozen=True, slots=True)
class Remover:
    """
    Removes entries that nobody uses.

    Attributes:
        scratch: Of this process.
    """

    cache: Path
    scratch: Path

    def remove(self, entry: Entry) -> bool:
        """Remove an entry; tell whether it is gone."""
        with suppress(Timeout, OSError):
            match entry.kind:
                case Kind.INSTALLER:
                    self._remove_installer(entry.path)
                case Kind.LOCK:
                    entry.path.unlink()
                case Kind.LEFTOVER:
                    self._remove_leftover(entry.path)
                case _:
                    self._remove_unused(entry)
        return not entry.path.exists() and not entry.path.is_symlink()

    def _remove_unused(self, entry: Entry) -> None:
        """Remove an environment or a save: first what says that it is good."""
        with _guarded(entry.path):
            if str(entry.path.relative_to(self.cache)) in used(self.cache):
                return
            if entry.kind is Kind.SAVE:
                marker(entry.path).unlink(missing_ok=True)
            else:
                condemn(entry.path)
            remove(entry.path)

    def _remove_installer(self, path: Path) -> None:
        """Remove what every installation may be using, out of the way at once, while no run lives."""
        with starting(self.cache):
            if not _others(self.cache, self.scratch.name):
                path.rename(self.scratch / path.name)
        remove(self.scratch / path.name)

    def _remove_leftover(self, path: Path) -> None:
        """Remove what no run can use, if that is still so."""
        if path.parent.name in ("scratch", "locks", "runs"):
            _remove_unguarded(path)
            return
        with _guarded(path):
            if path.is_file() and not path.is_symlink():
                if path.suffix == ".part" or (path.suffix == ".json" and is_stale(path)):
                    path.unlink()
            elif path.parent.name == SAVES:
                remove_unnamed(self.cache, path)
            elif not is_whole(path):
                remove(path)


def _pruned(cache: Path, most: int | None, gone: Callable[[Entry], bool]) -> Pruned:
    scale, weights, removed, kept = Scale(), dict[Entry, Weight](), [], 0
    for entry in entries(cache):
        weights[entry] = weigh(entry.path)
        scale.put(weights[entry])
    before = scale.total
    for entry in sorted(weights, key=lambda entry: (entry.kind is not Kind.LEFTOVER, entry.used)):
        if entry.kind is Kind.SCRATCH:
            continue
        if entry.kind is not Kind.LEFTOVER and (most is None or scale.total <= most):
            break
        if gone(entry):
            scale.take(weights[entry])
            removed.append(entry)
        else:
            kept += 1
    return Pruned(removed=tuple(removed), freed=before - scale.total, left=scale.total, kept=kept)


def _is_in_use(cache: Path, entry: Entry) -> bool:
    if entry.kind is Kind.INSTALLER:
        return bool(_others(cache, ""))
    own = guard(entry.path)
    held = str(entry.path.relative_to(cache)) in used(cache, living(cache))
    return held or (own.exists() and not is_free(own))


def _others(cache: Path, own: str) -> bool:
    """Tell whether another run lives, or something else that uses containers."""
    return bool(living(cache) - {own}) or bool(living(cache / "docker"))


def _remove_unguarded(path: Path) -> None:
    if path.is_dir():
        remove(path)
    elif path.suffix != ".lock" or is_free(path):
        path.unlink()


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Hold the guard of an entry, which goes with it: whoever waits for it makes another."""
    own = guard(path)
    with FileLock(own, timeout=0):
        yield
        if path == own or not (path.exists() or marker(path).exists()):
            own.unlink(missing_ok=True)
