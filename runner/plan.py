"""Matrix and filters -> Plan: what is to be saved and loaded where. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar

from pydantic import ConfigDict

from runner import releases
from runner.errors import NothingSelectedError
from runner.model import Cell, Direction, EnvironmentSpec, Exclusion, Format, Matrix, Pairs, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the command line leaves in; globs over names, and empty means everything."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    environments: tuple[str, ...] = ()
    save: tuple[str, ...] = ()
    load: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    formats: tuple[Format, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveJob:
    """One save, which all the cells that load it share."""

    scenario: Scenario
    format: Format
    environment: EnvironmentSpec

    @property
    def id(self) -> str:
        """Return the save's name, for folders and logs."""
        return f"{self.scenario.name}.{self.format}@{self.environment.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    Everything that a run will do, in the matrix's order.

    Attributes:
        cells: Each cell exactly once, those that are declared unsupported included.
        saves: The cells that can run, by the save that they share.
    """

    matrix: Matrix
    cells: tuple[Cell, ...]
    saves: dict[SaveJob, tuple[Cell, ...]]

    @property
    def environments(self) -> tuple[EnvironmentSpec, ...]:
        """Return the environments that some cell needs, in the matrix's order."""
        used = {spec.name for cells in self.saves.values() for cell in cells for spec in (cell.save, cell.load)}
        return tuple(spec for spec in self.matrix.environments if spec.name in used)


def plan(matrix: Matrix, filters: Filters) -> Plan:
    """
    Lay out a run.

    Raises:
        NothingSelectedError: If the filters, or the matrix's own pairs, leave no cell.
    """
    cells = tuple(_cells(matrix, filters))
    if not cells:
        raise NothingSelectedError(_nothing(matrix, filters))
    saves: dict[SaveJob, list[Cell]] = {}
    for cell in cells:
        if cell.unsupported is None:
            save = SaveJob(scenario=cell.scenario, format=cell.format, environment=cell.save)
            saves.setdefault(save, []).append(cell)
    return Plan(matrix=matrix, cells=cells, saves={save: _root_first(found) for save, found in saves.items()})


def _cells(matrix: Matrix, filters: Filters) -> Iterator[Cell]:
    pairs = [pair for pair in _pairs(matrix) if _selected(pair, filters)]
    for scenario in matrix.scenarios:
        if not _matches(scenario.name, filters.scenarios):
            continue
        for file_format in scenario.formats:
            if filters.formats and file_format not in filters.formats:
                continue
            for save, load in pairs:
                reason = _unsupported(scenario, save, load)
                yield Cell(scenario=scenario, format=file_format, save=save, load=load, unsupported=reason)


def _pairs(matrix: Matrix) -> Iterator[tuple[EnvironmentSpec, EnvironmentSpec]]:
    rules = matrix.pairs
    for save in matrix.environments:
        for load in matrix.environments:
            if _in_direction(rules.direction, save, load) and _kept(rules, save, load):
                yield save, load


def _in_direction(direction: Direction, save: EnvironmentSpec, load: EnvironmentSpec) -> bool:
    if direction is Direction.BOTH or save.name == load.name:
        return True
    return save.order <= load.order if direction is Direction.UPGRADE else save.order >= load.order


def _kept(rules: Pairs, save: EnvironmentSpec, load: EnvironmentSpec) -> bool:
    named = _matches(save.name, rules.save) and _matches(load.name, rules.load)
    return named and not any(_excludes(exclusion, save, load) for exclusion in rules.exclude)


def _excludes(exclusion: Exclusion, save: EnvironmentSpec, load: EnvironmentSpec) -> bool:
    return fnmatchcase(save.name, exclusion.save) and fnmatchcase(load.name, exclusion.load)


def _selected(pair: tuple[EnvironmentSpec, EnvironmentSpec], filters: Filters) -> bool:
    save, load = pair
    both = _matches(save.name, filters.environments) and _matches(load.name, filters.environments)
    return both and _matches(save.name, filters.save) and _matches(load.name, filters.load)


def _matches(name: str, globs: Iterable[str]) -> bool:
    patterns = tuple(globs)
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _unsupported(scenario: Scenario, save: EnvironmentSpec, load: EnvironmentSpec) -> str | None:
    for side, wanted, spec in (("save", scenario.requires_save, save), ("load", scenario.requires_load, load)):
        for requirement in wanted:
            if not releases.satisfies(requirement, spec):
                return f"the matrix says that {scenario.name} requires {requirement} to {side}; {spec.name} has not"
    return None


def _root_first(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Put first the cell that answers for the save: the one that loads where it was saved, if it is there."""
    return tuple(sorted(cells, key=lambda cell: cell.load.name != cell.save.name))


def _nothing(matrix: Matrix, filters: Filters) -> str:
    """Say which filter left nothing, and what there is."""
    names = [spec.name for spec in matrix.environments]
    known = (
        ("--env", filters.environments, names),
        ("--save", filters.save, names),
        ("--load", filters.load, names),
        ("--scenario", filters.scenarios, [scenario.name for scenario in matrix.scenarios]),
    )
    for option, globs, there in known:
        if globs and not any(_matches(name, globs) for name in there):
            return f"No cell is selected: {option} {' '.join(globs)} matches none of {', '.join(there)}."
    return "No cell is selected: the filters and the matrix's `pairs` and `formats` have nothing in common."
