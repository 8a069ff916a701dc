"""What a run is told about its baseline: what is worse, what is better, which rows are of no use, and what to do."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from runner.baseline import Row, Surprise
from runner.baseline.gate import Held
from runner.record import Cause, Status
from runner.report.text import clean
from runner.report.words import number
from runner.wording import nearest

_MOST = 20
_MOST_ROWS = 5


def render(held: Held, command: Sequence[str]) -> RenderableType:
    """
    Return what to print of results that were held against a baseline.

    Args:
        command: What accepts them as they are.
    """
    return Group(*(Text(clean(line) if line else "", overflow="fold") for line in told(held, command)))


def told(held: Held, command: Sequence[str]) -> Iterator[str]:
    """Yield the same in lines of text; nothing where there is nothing to say."""
    gate, name = held.gate, held.path
    if held.before:
        yield from _accepted(held)
    if gate.worse:
        yield f"{number(len(gate.worse), 'cell')} not as {name} says:"
        yield from _all_worse(gate.worse, name)
    if gate.better:
        yield f"{number(len(gate.better), 'cell')} better than {name} says:"
        yield from _listed([f"  ✓ {_better(each, name)}" for each in gate.better])
    if gate.worse or gate.better:
        what = "To drop them" if not gate.worse else "To accept what is worse, and drop what is better"
        yield f"{what}: {shlex.join(command)}"
    yield from _rows(held)


def _accepted(held: Held) -> Iterator[str]:
    before = held.before
    if before and (before.worse or before.better):
        yield f"{held.path}: {len(before.worse):,} more accepted, {len(before.better):,} that pass now dropped."
    elif before:
        yield f"{held.path}: nothing to accept."
    if unread := _without_reason(held):
        yield f"Without a reason yet: {number(unread, 'cell')}. Write it into {held.path}."


def _without_reason(held: Held) -> int:
    return sum("no reason given" in (cell.accepted or "") for cell in held.gate.cells)


def _all_worse(worse: Sequence[Surprise], name: Path) -> Iterator[str]:
    """Yield the cells that are worse; those that one of them blocks are only counted."""
    names = {each.cell.id for each in worse}
    told = [each for each in worse if each.cell.root not in names]
    yield from _listed([f"  ✗ {_worse(each, name)}" for each in told])
    if blocked := len(worse) - len(told):
        yield f"  ✗ and {number(blocked, 'cell')} with nothing to load, as these could not be saved"


def _worse(surprise: Surprise, name: Path) -> str:
    cell, row = surprise.cell, surprise.row
    accepted = f" (accepted is {_outcome(row.status, row.cause)}, at {_place(row, name)})" if row else ""
    return f"{cell.id}: {_outcome(cell.status, cell.cause)}{accepted}"


def _better(surprise: Surprise, name: Path) -> str:
    row = surprise.row
    what = "drop the row" if row and row.cells == (surprise.cell.id,) else "take it out of the row"
    return f"{surprise.cell.id}: now passes: {what} at {_place(row, name)}"


def _rows(held: Held) -> Iterator[str]:
    """Yield the rows that are of no use."""
    names = [cell.id for cell in held.gate.cells]
    expired = [f"{_place(row, held.path)}: expired on {row.expires}: {row.cells[0]}" for row in held.gate.expired]
    unused = [
        f"{_place(row, held.path)}: decides no cell of the matrix: {row.cells[0]}{nearest(row.cells[0], names)}"
        for row in held.gate.unused[:_MOST_ROWS]
    ]
    yield from _listed(expired, _MOST_ROWS)
    yield from unused
    if left := len(held.gate.unused) - len(unused):
        yield f"and {number(left, 'more row')} that decide no cell"


def _listed(lines: Sequence[str], most: int = _MOST) -> Iterable[str]:
    more = len(lines) - most
    return [*lines[:most], *([f"  and {more:,} more"] if more > 0 else [])]


def _place(row: Row | None, name: Path) -> str:
    return f"{name}:{row.line}" if row and row.line else str(name)


def _outcome(status: Status, cause: Cause | None) -> str:
    return f"{status}, {cause}" if cause else str(status)
