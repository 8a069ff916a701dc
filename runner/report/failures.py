"""
The cells that do not pass, those that go wrong alike put together.

Alike are the same cause, phase and innermost reason of the error but for addresses and folders, in the same pairs of
environments; where no cause is known, the same fingerprint. A blocked cell goes with the save that failed. Every cell
that is neither a pass nor unsupported is in exactly one failure.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

from runner.fingerprint import fingerprint, first_line
from runner.record import Cause, Record, Status
from runner.report.grids import ages
from runner.report.text import clean, general, shortened
from runner.report.ways import in_short
from runner.results import Results
from runner.verdict import GOOD, count, is_unrelated

_WIDTH = 300
_T = TypeVar("_T")
_K = TypeVar("_K", bound=Hashable)


class Kind(StrEnum):
    """What a failure means to someone who is about to change versions."""

    UPGRADE = "upgrade"
    ROLLBACK = "rollback"
    UNRELATED = "unrelated"
    UNKNOWN = "unknown"


KINDS = {
    Kind.UPGRADE: "in an upgrade",
    Kind.ROLLBACK: "on the way back",
    Kind.UNRELATED: "without a change",
    Kind.UNKNOWN: "not judged",
}
"""The kinds in words, as the end of a sentence about cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    Cells that go wrong alike.

    Attributes:
        cause: Why; the status where no cause is known, such as ``crash``.
        counts: Number of cells by status.
        error: First line of the exception; empty where there was none.
        explanation: What it means, and how far off the outputs are.
        sources: Addresses where one can read about it.
        models: What was saved, as ``scenario.format``.
        pairs: Pairs of environments, the one that saved first; each model has all of them.
        ways: The ways out that were tried, in a sentence.
        blame: Which difference of the environments it is, in sentences; empty where nobody asked.
        example: Id of one of the cells.
    """

    kind: Kind
    cause: str
    phase: str
    counts: Mapping[Status, int]
    error: str
    explanation: str
    sources: tuple[str, ...]
    models: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    ways: str
    blame: str
    example: str

    @property
    def cells(self) -> int:
        """Return the number of cells."""
        return sum(self.counts.values())


class _Symptom(NamedTuple):
    kind: Kind
    cause: str
    phase: str
    what: str


def failures(results: Results) -> tuple[Failure, ...]:
    """Return what goes wrong: by kind, then the cause with most cells, then the failure with most cells."""
    found = tuple(_found(results))
    weights: Counter[tuple[Kind, str]] = Counter()
    for failure in found:
        weights[failure.kind, failure.cause] += failure.cells
    kinds = list(Kind)
    return tuple(sorted(found, key=lambda f: (kinds.index(f.kind), -weights[f.kind, f.cause], f.cause, -f.cells)))


def grouped(items: Iterable[_T], key: Callable[[_T], _K]) -> dict[_K, list[_T]]:
    """Return the items by their key, the first first."""
    groups: dict[_K, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _found(results: Results) -> Iterator[Failure]:
    """Yield what goes wrong, in the order of the cells."""
    places = {name: place for place, name in enumerate(ages(results))}
    roots = {cell.id: cell for cell in results.cells}
    bad = (cell for cell in results.cells if cell.status not in GOOD)
    alike = grouped(bad, lambda cell: _symptom(_kind(cell, places), roots.get(cell.root or "", cell)))
    for symptom, cells in alike.items():
        models = grouped(cells, lambda cell: f"{cell.scenario}.{cell.format}").values()
        for together in grouped(models, lambda model: frozenset((cell.save, cell.load) for cell in model)).values():
            members = [cell for model in together for cell in model]
            yield _failure(symptom, members, roots.get(members[0].root or "", members[0]))


def _kind(cell: Record, places: Mapping[str, int]) -> Kind:
    """Return what a cell that does not pass means to someone who is about to change versions."""
    if cell.status is Status.ERROR:
        return Kind.UNKNOWN
    if cell.save == cell.load or is_unrelated(cell):
        return Kind.UNRELATED
    return Kind.UPGRADE if places[cell.save] < places[cell.load] else Kind.ROLLBACK


def _symptom(kind: Kind, cell: Record) -> _Symptom:
    """Return what makes cells alike, told by the cell in which it happened."""
    if cell.exception:
        what = fingerprint(cell.exception) if cell.cause is Cause.UNRECOGNISED else first_line(cell.exception)
    elif cell.comparison and cell.status is Status.DRIFT:
        what = cell.comparison.first_layer or ""
    else:
        what = cell.explanation
    return _Symptom(kind, str(cell.cause or cell.status), str(cell.phase or ""), _line(what))


def _line(text: str) -> str:
    """Return a line that is the same for what differs but in addresses, folders and its end."""
    return shortened(general(clean(text[: 10 * _WIDTH])), _WIDTH)


def _failure(symptom: _Symptom, cells: Sequence[Record], first: Record) -> Failure:
    """Return what cells with one symptom have in common; `first` is the cell in which it happened."""
    return Failure(
        kind=symptom.kind,
        cause=symptom.cause,
        phase=symptom.phase,
        counts=count(cells),
        error=_line(first.exception.first_line) if first.exception else "",
        explanation=" ".join(filter(None, [_drift(cells), _line(first.explanation)])),
        sources=first.sources,
        models=tuple(dict.fromkeys(f"{cell.scenario}.{cell.format}" for cell in cells)),
        pairs=tuple(dict.fromkeys((cell.save, cell.load) for cell in cells)),
        ways=in_short(cells),
        blame=" ".join(dict.fromkeys(clean(cell.blame.text) for cell in cells if cell.blame)),
        example=first.id,
    )


def _drift(cells: Iterable[Record]) -> str:
    """Return how far off the cells that drift are at most, in a sentence, or nothing."""
    compared = [cell.comparison for cell in cells if cell.comparison and cell.status is Status.DRIFT]
    outputs = max((c.max_abs for c in compared if c.max_abs), default=None)
    weights = max((c.weights_max_abs for c in compared if c.weights_max_abs), default=None)
    worst = max(compared, key=lambda c: c.decisions_changed, default=None)
    words = [
        f"outputs off by up to {outputs:.2g}" if outputs else "",
        f"weights off by up to {weights:.2g}" if weights else "",
        f"up to {worst.decisions_changed} of {worst.decisions} decisions changed"
        if worst and worst.decisions_changed
        else "",
        f"from layer {_line(compared[0].first_layer)} on" if compared and compared[0].first_layer else "",
    ]
    sentence = ", ".join(filter(None, words))
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""
