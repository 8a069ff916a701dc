"""
Where to look first: what fails together is said together, and changes the judgement of no cell.

A whole column points at the environment that loads, a whole row at the one that saved, a format that nothing can load
somewhere at that format, and a model that passes nowhere at its own scenario.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from runner.record import Record, Status
from runner.report.failures import grouped
from runner.report.words import flaky, number
from runner.wording import listed

_FEWEST = 3
_K = TypeVar("_K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """
    A sentence, and which cells it is about.

    Attributes:
        saves: Names of the environments that saved them; empty for all.
        loads: Names of those that loaded them; empty for all.
    """

    text: str
    saves: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()


def hints(cells: Iterable[Record]) -> tuple[Hint, ...]:
    """Return what fails as a whole, the widest first."""
    judged = [cell for cell in cells if cell.status is not Status.UNSUPPORTED]
    columns = _failing(judged, lambda cell: cell.load)
    rows = _failing(judged, lambda cell: cell.save)
    rest = [cell for cell in judged if cell.load not in columns and cell.save not in rows]
    return (*_flaky(judged), *map(_column, columns.items()), *map(_row, rows.items()), *_formats(rest), *_models(rest))


def _flaky(cells: Sequence[Record]) -> list[Hint]:
    """Return that some cells did not come out alike each time."""
    said = flaky(cells)
    return [Hint(text=f"{said} Search for flaky to see which.")] if said else []


def _failing(cells: Sequence[Record], key: Callable[[Record], _K]) -> dict[_K, int]:
    """Return the groups of several cells of which none passes, while others do, with their sizes."""
    groups = grouped(cells, key)
    dead = {name: len(group) for name, group in groups.items() if len(group) >= _FEWEST and not any(map(_good, group))}
    return dead if len(dead) < len(groups) else {}


def _good(cell: Record) -> bool:
    return cell.status is Status.PASS


def _column(found: tuple[str, int]) -> Hint:
    name, count = found
    text = f"The whole column fails: none of {number(count, 'cell')} loaded in {name} passes. Look at that environment."
    return Hint(text=text, loads=(name,))


def _row(found: tuple[str, int]) -> Hint:
    name, count = found
    text = f"The whole row fails: none of {number(count, 'cell')} saved in {name} passes. Look at that environment."
    return Hint(text=text, saves=(name,))


def _formats(cells: Sequence[Record]) -> list[Hint]:
    """Return the formats that pass in some environments and in others never."""
    loads: dict[str, list[tuple[str, int]]] = {}
    for form, group in grouped(cells, lambda cell: str(cell.format)).items():
        for load, count in _failing(group, lambda cell: cell.load).items():
            loads.setdefault(form, []).append((load, count))
    return [_format(form, [name for name, _ in found], sum(n for _, n in found)) for form, found in loads.items()]


def _format(form: str, names: Sequence[str], count: int) -> Hint:
    text = f"No {form} passes that is loaded in {listed(names, 'or')} ({number(count, 'cell')}), whatever saved it."
    return Hint(text=f"{text} Look at what reads that format there.", loads=tuple(names))


def _models(cells: Sequence[Record]) -> list[Hint]:
    """Return the models that pass nowhere, not even where they were saved."""
    dead = _failing(cells, lambda cell: f"{cell.scenario}.{cell.format}")
    home = {f"{cell.scenario}.{cell.format}" for cell in cells if cell.save == cell.load}
    names = sorted(name for name in dead if name in home)
    if not names:
        return []
    verb = "passes" if len(names) == 1 else "pass"
    text = f"{listed(names)} {verb} nowhere, not even where saved. Look at the scenario, not at the versions."
    return [Hint(text=text)]
