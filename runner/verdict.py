"""
From judged cells to the answer: which upgrades are safe, what stands against the others, and the exit status.

Every function here is pure and total: whatever the cells say, there is an answer, and every cell is counted once in it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar, assert_never

from packaging.version import InvalidVersion, Version
from pydantic import ConfigDict

from runner.record import EnvironmentRecord, Record, Status, Tried

GOOD = frozenset({Status.PASS, Status.UNSUPPORTED})
"""What stands in nobody's way: a cell that passes, and one that was never promised."""

_VERBS = {
    Status.FAIL: ("fails", "fail"),
    Status.CRASH: ("crashes", "crash"),
    Status.TIMEOUT: ("times out", "time out"),
    Status.DRIFT: ("drifts", "drift"),
    Status.BLOCKED: ("blocked", "blocked"),
    Status.ERROR: ("could not be judged", "could not be judged"),
}


class FailOn(StrEnum):
    """Which cells make a run fail."""

    UNEXPECTED = "unexpected"
    ANY = "any"
    NEVER = "never"


class FailOnChange(StrEnum):
    """Which changes make a comparison of two runs fail."""

    REGRESSED = "regressed"
    ANY = "any"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """
    What becomes of the models of one environment in a newer one.

    Attributes:
        safe: Whether something was loaded, and everything that was to be loaded passed.
        causes: What stands against it, the most frequent first.
        counts: Number of cells by status, zeros included.
        unrelated: Number of cells that fail where they were saved, too: no matter of versions.
        mended: Number of cells for which a remedy was tried and gave the saved outputs.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    save: str
    load: str
    safe: bool
    causes: tuple[str, ...] = ()
    counts: Mapping[Status, int] = field(default_factory=dict)
    unrelated: int = 0
    mended: int = 0

    @property
    def total(self) -> int:
        """Return the number of cells that were to be loaded: all but the unsupported."""
        return sum(self.counts.values()) - self.counts.get(Status.UNSUPPORTED, 0)

    @property
    def breaks(self) -> int:
        """Return the number of cells that fail, and may pass where they were saved."""
        return self.total - self.loads - self.unrelated - self.counts.get(Status.ERROR, 0)

    @property
    def loads(self) -> int:
        """Return the number of cells that loaded with the outputs and weights they were saved with."""
        return self.counts.get(Status.PASS, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What the run found.

    Attributes:
        counts: Number of cells by status, zeros included.
        flaky: Number of cells that did not come out alike each time; they are in `counts` as what they are taken for.
        upgrades: Every pair of an older and a newer environment that has cells, by the age of the two.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    counts: Mapping[Status, int] = field(default_factory=dict)
    flaky: int = 0
    upgrades: tuple[Upgrade, ...] = ()


def completed(cells: Iterable[Record]) -> tuple[Record, ...]:
    """Return the cells with what only all of them together tell: `with_itself`, and `expected` without a baseline."""
    cells = tuple(cells)
    home = {(cell.scenario, cell.format, cell.save): cell.status for cell in cells if cell.save == cell.load}
    return tuple(
        replace(
            cell,
            with_itself=home.get((cell.scenario, cell.format, cell.save)),
            expected=cell.status in GOOD,
        )
        for cell in cells
    )


def answer(cells: Iterable[Record], environments: Mapping[str, EnvironmentRecord]) -> Answer:
    """Count every cell once over all, and the cells of every upgrade."""
    cells = tuple(cells)
    pairs: dict[tuple[str, str], list[Record]] = {}
    for cell in cells:
        pairs.setdefault((cell.save, cell.load), []).append(cell)
    ages = by_age(environments)
    upgrades = (
        _upgrade(save, load, pairs[save, load])
        for age, save in enumerate(ages)
        for load in ages[age + 1 :]
        if (save, load) in pairs
    )
    return Answer(counts=count(cells), flaky=sum(bool(cell.tries) for cell in cells), upgrades=tuple(upgrades))


def count(cells: Iterable[Record]) -> dict[Status, int]:
    """Return the number of cells by status, zeros included."""
    counts = Counter(cell.status for cell in cells)
    return {status: counts[status] for status in Status}


def by_age(environments: Mapping[str, EnvironmentRecord]) -> tuple[str, ...]:
    """
    Return the names of environments, the oldest first: by TensorFlow, then by Keras, then as in the matrix.

    An environment that could not be made has no versions: it stays behind its neighbour in the matrix.
    """
    ages = _ages(environments)
    return tuple(sorted(ages, key=ages.__getitem__))


def steps(upgrades: Iterable[Upgrade], environments: Mapping[str, EnvironmentRecord]) -> tuple[Upgrade, ...]:
    """
    Return the upgrades that people make next, out of those of an answer.

    Into every environment that is the step from the closest older TensorFlow that has cells, and from the same
    TensorFlow with an older Keras.
    """
    ages = _ages(environments)
    into: dict[str, list[Upgrade]] = {}
    for upgrade in upgrades:
        if upgrade.save in ages and upgrade.load in ages:
            into.setdefault(upgrade.load, []).append(upgrade)
    found: list[Upgrade] = []
    for load in sorted(into, key=ages.__getitem__):
        same = ages[load][0]
        closest = max((ages[upgrade.save][0] for upgrade in into[load] if ages[upgrade.save][0] < same), default=same)
        found += (upgrade for upgrade in into[load] if ages[upgrade.save][0] in (closest, same))
    return tuple(found)


def sentence(upgrade: Upgrade) -> str:
    """Return the upgrade in words, such as ``tf2.15 -> tf2.16: 31 of 44 load; 13 fail, 4 causes``."""
    return f"{upgrade.save} -> {upgrade.load}: {_outcome(upgrade)}"


def is_unrelated(cell: Record) -> bool:
    """Return whether a cell that fails does so where it was saved, too: no matter of versions."""
    nobody_knows = {None, Status.ERROR}
    return not {cell.status, cell.with_itself} & {*nobody_knows, *GOOD}


def way_out(cell: Record) -> Tried | None:
    """Return the remedy that loses least of those that gave the saved outputs; None if there is none."""
    return next((tried for tried in cell.remedies if tried.status is Status.PASS), None)


def phrases(counts: Mapping[Status, int]) -> list[str]:
    """Return one phrase for each status that is neither a pass nor unsupported, such as ``13 fail``, ``1 crashes``."""
    return [
        f"{number:,} {singular if number == 1 else plural}"
        for status, (singular, plural) in _VERBS.items()
        if (number := counts.get(status, 0))
    ]


def exit_status(cells: Iterable[Record], fail_on: FailOn) -> int:
    """
    Return 0, 1 or 4 for the cells of a run.

    A cell that could not be judged gives 4, which outranks 1 and which no choice of `fail_on` hides: that choice is
    about cells that came out, and nothing is known of this one.
    """
    cells = tuple(cells)
    if any(cell.status is Status.ERROR for cell in cells):
        return 4
    match fail_on:
        case FailOn.UNEXPECTED:
            return int(not all(cell.expected for cell in cells))
        case FailOn.ANY:
            return int(not all(cell.status in GOOD for cell in cells))
        case FailOn.NEVER:
            return 0
        case _:
            assert_never(fail_on)


def _upgrade(save: str, load: str, cells: Sequence[Record]) -> Upgrade:
    """Judge the cells that were saved in one environment and loaded in a newer one."""
    bad = [cell for cell in cells if cell.status not in GOOD]
    causes = Counter(str(cell.cause) for cell in bad if cell.cause)
    return Upgrade(
        save=save,
        load=load,
        safe=not bad and any(cell.status is Status.PASS for cell in cells),
        causes=tuple(sorted(causes, key=lambda cause: (-causes[cause], cause))),
        counts=count(cells),
        unrelated=sum(is_unrelated(cell) for cell in bad),
        mended=sum(way_out(cell) is not None for cell in bad),
    )


def _outcome(upgrade: Upgrade) -> str:
    """Return what became of the cells, in words."""
    total, loads = upgrade.total, upgrade.loads
    if not total:
        return "nothing to load"
    if loads == total:
        return "1 of 1 loads" if total == 1 else f"all {total} load"
    problems = ", ".join([*phrases(upgrade.counts), *_causes(upgrade), *_mended(upgrade)])
    if upgrade.counts.get(Status.ERROR) == total:
        return problems
    return f"{loads} of {total} {'loads' if loads == 1 else 'load'}; {problems}"


def _causes(upgrade: Upgrade) -> list[str]:
    """Return the number of causes in words, if there is any."""
    number = len(upgrade.causes)
    return [f"{number} cause{'s' * (number != 1)}"] if number else []


def _mended(upgrade: Upgrade) -> list[str]:
    """Return the number of cells with a way out in words, if there is any."""
    return [f"{upgrade.mended} with a way out"] if upgrade.mended else []


def _ages(environments: Mapping[str, EnvironmentRecord]) -> dict[str, tuple[Version, Version, int]]:
    """Return TensorFlow, Keras and place in the matrix, by name; an unknown version is that of the neighbour before."""
    ages: dict[str, tuple[Version, Version, int]] = {}
    tensorflow = keras = Version("0")
    for place, (name, environment) in enumerate(environments.items()):
        if known := _version(environment.tensorflow):
            tensorflow, keras = known, _version(environment.keras) or Version("0")
        ages[name] = (tensorflow, keras, place)
    return ages


def _version(text: str | None) -> Version | None:
    """Return the version, or the release at its head (old Keras calls itself ``2.2.4-tf``), or None."""
    try:
        return Version(text or "")
    except InvalidVersion:
        head = re.match(r"\d+(?:\.\d+)*", text or "", re.ASCII)
        return Version(head[0]) if head else None
