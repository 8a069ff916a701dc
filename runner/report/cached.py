"""What is in the cache, and what was removed from it, in words."""

from collections import Counter
from datetime import UTC, datetime

from tabulate import tabulate

from runner.cache.contents import Contents
from runner.cache.pruning import Pruned
from runner.wording import printable
from runner.writing import to_json as as_json

_UNITS = ("B", "kB", "MB", "GB", "TB")


def to_text(contents: Contents) -> str:
    """Return a table of the kinds."""
    head = f"{printable(str(contents.folder))}: {size(contents.size)}"
    if not contents.shares:
        return f"{head}, as nothing is in it yet"
    rows = [(share.kind, share.number, size(share.size), _day(share.used)) for share in contents.shares]
    table = tabulate(rows, ["what", "number", "size", "last used"], colalign=("left", "right", "right", "left"))
    return "\n".join([head, "", table, *([f"\n{_used(contents.runs)}"] if contents.runs else [])])


def to_json(contents: Contents) -> str:
    """Return the same for programs: sizes in bytes, times in UTC."""
    shares = [
        {"kind": share.kind, "number": share.number, "bytes": share.size, "last_used": _time(share.used)}
        for share in contents.shares
    ]
    known = {"folder": contents.folder, "bytes": contents.size, "runs": contents.runs, "kinds": shares}
    return as_json(known, indent=2)


def pruned(done: Pruned, most: int | None, *, dry: bool) -> str:
    """Say what was removed, or would be."""
    kinds = ", ".join(f"{number} {kind}" for kind, number in Counter(entry.kind for entry in done.removed).items())
    first = f"{'Would remove' if dry else 'Removed'} {kinds or 'nothing'}: {size(done.freed)}. Left: {size(done.left)}."
    kept = f" {done.kept} would have gone, but a run uses them." if done.kept else ""
    over = f" That is more than {size(most)}." if most is not None and done.left > most else ""
    return first + over + kept


def size(number: float) -> str:
    """Return bytes as people read them."""
    power = 0
    while number >= 1000 and power < len(_UNITS) - 1:
        number, power = number / 1000, power + 1
    return f"{number:.1f} {_UNITS[power]}" if power else f"{number:.0f} B"


def _used(runs: int) -> str:
    return "1 run uses it now." if runs == 1 else f"{runs} runs use it now."


def _day(used: float) -> str:
    return datetime.fromtimestamp(used).astimezone().strftime("%Y-%m-%d %H:%M")


def _time(used: float) -> str:
    return datetime.fromtimestamp(used, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
