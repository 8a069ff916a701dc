"""
A plan in parts, for several machines that do not talk: the same matrix, filters and times give the same parts to all.

The cells of one scenario, format and save environment are a group, and a group is never divided: they share a save, and
where that fails, the cell that loads where it was saved answers for all of them. The groups stand in a row, ordered by
the environment that they are saved in. The row is cut where the part that takes longest takes as short as it can, each
environment of a part counted as an installation and an import: so neighbours, which need the same, stay together.

How many cores a machine has decides nothing, as machines may differ.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.model import Cell
from runner.plan import Plan
from runner.preview import ENVIRONMENT_SECONDS, IMPORT_SECONDS, SAVE_SECONDS
from runner.shards import Shard
from runner.shards.times import Times

ENVIRONMENT_MS = round(1000 * (ENVIRONMENT_SECONDS + IMPORT_SECONDS))
SAVE_MS = round(1000 * SAVE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    What one shard runs.

    Attributes:
        milliseconds: What it takes on one core, its environments included.
    """

    plan: Plan
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The cells of one save; times are integers, whose sums are the same everywhere."""

    cells: tuple[Cell, ...]
    environments: frozenset[str]
    milliseconds: int


def part(plan: Plan, shard: Shard, times: Times) -> Part:
    """Return one part of a plan; the last ones are empty where there are fewer groups than parts."""
    groups = _groups(plan, times)
    all_of_it = sum(group.milliseconds for group in groups) + ENVIRONMENT_MS * len(plan.environments)
    limit = bisect_left(range(all_of_it), 1, key=lambda limit: len(list(_cut(groups, shard.of, limit))) <= shard.of)
    rows = list(_cut(groups, shard.of, limit))
    return _part(plan, rows[shard.number - 1] if shard.number <= len(rows) else ())


def told(mine: Part, shard: Shard, plan: Plan) -> str:
    """Return in a sentence what a part of a plan is."""
    if not mine.plan.cells:
        return f"Shard {shard} is empty: the plan has fewer saves than shards, and the cells of one stay together."
    return (
        f"Shard {shard}: {len(mine.plan.cells):,} of {len(plan.cells):,} cells, in {len(mine.plan.environments)} of"
        f" {len(plan.environments)} environments; about {mine.milliseconds / 1000:,.0f} s on one core."
    )


def _groups(plan: Plan, times: Times) -> list[_Group]:
    """Return the groups by the place of their save environment in the matrix, then as in the plan."""
    together: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in plan.cells:
        together.setdefault((cell.scenario.name, cell.format, cell.save.name), []).append(cell)
    places = {spec.name: place for place, spec in enumerate(plan.matrix.environments)}
    return [_group(cells, times) for cells in sorted(together.values(), key=lambda cells: places[cells[0].save.name])]


def _group(cells: Sequence[Cell], times: Times) -> _Group:
    run = [cell for cell in cells if cell.unsupported is None]
    return _Group(
        cells=tuple(cells),
        environments=frozenset(spec.name for cell in run for spec in (cell.save, cell.load)),
        milliseconds=sum(map(times.milliseconds, run)) + (SAVE_MS if run else 0),
    )


def _cut(groups: Sequence[_Group], number: int, limit: int) -> Iterator[Sequence[_Group]]:
    """
    Yield rows of groups, each as long as the limit allows; a group that is longer is a row.

    Args:
        number: How many rows are wanted: a row ends early where those after it would else have no group.
    """
    begin = milliseconds = 0
    environments: frozenset[str] = frozenset()
    for place, group in enumerate(groups):
        milliseconds, environments = milliseconds + group.milliseconds, environments | group.environments
        too_long = milliseconds + ENVIRONMENT_MS * len(environments) > limit
        if place > begin and (too_long or len(groups) - place < number):
            yield groups[begin:place]
            begin, number = place, number - 1
            milliseconds, environments = group.milliseconds, group.environments
    if groups:
        yield groups[begin:]


def _part(plan: Plan, row: Sequence[_Group]) -> Part:
    ids = {cell.id for group in row for cell in group.cells}
    wanted = Plan(
        matrix=plan.matrix,
        cells=tuple(cell for cell in plan.cells if cell.id in ids),
        saves={save: cells for save, cells in plan.saves.items() if cells[0].id in ids},
    )
    work = sum(group.milliseconds for group in row)
    return Part(plan=wanted, milliseconds=work + ENVIRONMENT_MS * len(wanted.environments))
