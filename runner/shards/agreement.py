"""What the outputs of several runs must have in common to be merged, and what is said where they differ. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError
from runner.model import Matrix
from runner.record import Cause, EnvironmentRecord, Status
from runner.results import Results

_MOST = 5
_ALIKE = ("python", "backend", "image")


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """
    An output folder.

    Attributes:
        pins: What was installed, as the text of a file, by the name of the environment.
    """

    folder: Path
    results: Results
    pins: Mapping[str, str]


def check_runs(outputs: Sequence[Output], matrix: Matrix) -> None:
    """
    Check that all are of this matrix, and of one version of crossload.

    Raises:
        UsageError: If they are not.
    """
    first = outputs[0]
    for other in outputs[1:]:
        one, two = first.results.run, other.results.run
        if one.runner != two.runner:
            versions = f"crossload {one.runner} and {two.runner}"
            raise UsageError(f"{first.folder} and {other.folder} are of {versions}: run them with one version.")
        if one.matrix != two.matrix:
            raise UsageError(f"{first.folder} and {other.folder} are of different matrices: run them with one.")
    if first.results.run.matrix != matrix.digest:
        raise UsageError(
            f"{first.folder} is of another matrix than {matrix.path}: name the one it is of with --matrix."
        )


def check_pins(outputs: Sequence[Output]) -> None:
    """
    Check that each environment is one: what is installed in it decides what comes out.

    Raises:
        UsageError: If it is not.
    """
    firsts: dict[str, Output] = {}
    for output in outputs:
        for name, text in output.pins.items():
            first = firsts.setdefault(name, output)
            if differ := sorted(set(first.pins[name].split()) ^ set(text.split())):
                shown = ", ".join([*differ[:_MOST], *(["..."] if len(differ) > _MOST else [])])
                raise UsageError(
                    f"{name} is not the same in {first.folder} and {output.folder} ({shown})."
                    " Give it a date (`as_of`) or exact versions, and run one of them again."
                )


def check_cells(folders: Mapping[str, Path], order: Iterable[str]) -> None:
    """
    Check that the matrix has all the cells that are there.

    Raises:
        UsageError: If it has not.
    """
    strange = next(iter(folders.keys() - set(order)), None)
    if strange is not None:
        raise UsageError(f"{folders[strange]} has a cell {strange}, which the matrix has not.")


def disagreeing(outputs: Sequence[Output]) -> Iterator[str]:
    """Say which cells came out differently in two runs that both judged them."""
    outcomes: dict[str, set[tuple[Status, Cause | None]]] = {}
    for cell in (cell for output in outputs for cell in output.results.cells if cell.status is not Status.ERROR):
        outcomes.setdefault(cell.id, set()).add((cell.status, cell.cause))
    if names := [name for name, several in outcomes.items() if len(several) > 1]:
        more = ", ..." if len(names) > _MOST else ""
        first = ", ".join(names[:_MOST])
        yield f"Not the same in all folders, and taken from the later run: {len(names):,} ({first}{more})."


def differing(outputs: Sequence[Output]) -> Iterator[str]:
    """Say which environments have the same packages, and are not the same otherwise."""
    made: dict[str, list[EnvironmentRecord]] = {}
    for output in outputs:
        for name, record in output.results.environments.items():
            if record.status == "ready":
                made.setdefault(name, []).append(record)
    for name, records in made.items():
        for what in _ALIKE:
            several = dict.fromkeys(str(getattr(record, what)) for record in records)
            if len(several) > 1:
                yield f"{name} does not have the same {what} in all folders: {', '.join(several)}."
