"""
How much memory there is: of the machine, and of the control groups that this process is in (Linux).

Source:
    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

_MIB = 2**20
_NO_LIMIT = 2**60
"""What version 1 says where there is none is more; version 2 says a word."""

_PROC, _GROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def free_mb(proc: Path = _PROC, groups: Path = _GROUPS) -> int | None:
    """Return how many MiB a process may have that asks for them now; None if this system does not say."""
    known = [*_of_machine(proc), *_of_groups(proc, groups)]
    return min(known) // _MIB if known else None


def _of_machine(proc: Path) -> Iterator[int]:
    available = _numbers(proc / "meminfo").get("MemAvailable:")
    if available is not None:
        yield available * 1024
    elif "SC_AVPHYS_PAGES" in os.sysconf_names:
        yield os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_groups(proc: Path, groups: Path) -> Iterator[int]:
    """Yield what each group has left that we are in; in a container its own is at the top, whatever it is called."""
    for line in _text(proc / "self" / "cgroup").splitlines():
        number, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if number == "0":
            yield from _left(groups, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            yield from _left(
                groups / "memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            )


def _left(top: Path, path: str, most: str, taken: str, dispensable: str) -> Iterator[int]:
    own = top / path.lstrip("/")
    for folder in [own, *own.parents]:
        limit, usage = _text(folder / most).strip(), _text(folder / taken).strip()
        if limit.isdigit() and usage.isdigit() and int(limit) < _NO_LIMIT:
            yield int(limit) - int(usage) + _numbers(folder / "memory.stat").get(dispensable, 0)
        if folder == top:
            return


def _numbers(path: Path) -> Mapping[str, int]:
    """Return the numbers of a file of words, each followed by one."""
    lines = (line.split() for line in _text(path).splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
