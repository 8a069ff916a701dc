"""The words that every report says alike, whatever it is written in."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from runner.record import Record, Status
from runner.verdict import GOOD, Upgrade, phrases, sentence


def number(count: int, noun: str) -> str:
    """Return ``1 cell``, ``2,944 cells``."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def counted(counts: Mapping[Status, int]) -> str:
    """Return how many cells came out how, in words."""
    passes, unsupported = counts.get(Status.PASS, 0), counts.get(Status.UNSUPPORTED, 0)
    declared = [f"{unsupported:,} unsupported"] if unsupported else []
    parts = [f"{passes:,} {'passes' if passes == 1 else 'pass'}", *phrases(counts), *declared]
    return f"Of {number(sum(counts.values()), 'cell')}, {', '.join(parts)}."


def unsteady(cells: Iterable[Record]) -> list[Record]:
    """Return the cells that did not come out alike each time."""
    return [cell for cell in cells if cell.tries]


def flaky(cells: Iterable[Record]) -> str:
    """Return how many cells did not come out alike each time, in words; nothing where all did."""
    count = len(unsteady(cells))
    if not count:
        return ""
    said = "is flaky: it did" if count == 1 else "are flaky: they did"
    return f"{number(count, 'cell')} {said} not come out alike each time."


def news(cells: Iterable[Record]) -> str:
    """Return how much of what does not pass is known, and how much is new; nothing where no baseline knows anything."""
    cells = tuple(cells)
    known = sum(cell.expected and cell.status not in GOOD for cell in cells)
    better = sum(not cell.expected and cell.status is Status.PASS for cell in cells)
    if not known and not better:
        return ""
    now = f", {better:,} better: they pass now" if better else ""
    return f"Against the baseline: {known:,} known, {len(new(cells)):,} new{now}."


def new(cells: Iterable[Record]) -> list[Record]:
    """Return the cells that do not pass, and that the baseline does not accept so."""
    return [cell for cell in cells if not cell.expected and cell.status not in {*GOOD, Status.ERROR}]


def holes(missing: Sequence[str]) -> str:
    """Return how many cells of the plan are not there, in words; nothing where all are."""
    if not missing:
        return ""
    said = "is missing: none of the merged runs has it" if len(missing) == 1 else "are missing: no merged run has them"
    return f"{number(len(missing), 'cell')} of the plan {said}."


def headline(upgrades: Sequence[Upgrade]) -> str:
    """Return the shortest answer there is: how many upgrades do no harm."""
    if not upgrades:
        return "No model was saved in one environment and loaded in a newer one."
    marks = Counter(map(mark, upgrades))
    harmless, unknown = marks["✓"] + marks["○"], marks["?"]
    if unknown == len(upgrades):
        return f"None of {number(unknown, 'upgrade')} could be judged."
    doubt = f"; {unknown} could not be judged" if unknown else ""
    of = f"{harmless or 'None'} of {number(len(upgrades), 'upgrade')} {'are' if harmless > 1 else 'is'} harmless"
    if len(upgrades) == 1:
        of = f"The upgrade is {'' if harmless else 'not '}harmless"
    return f"{of} (what passes where it was saved still passes){doubt}."


def mark(upgrade: Upgrade) -> str:
    """
    Return the mark of an upgrade.

    It is ``✓`` where everything loads, ``✗`` where something breaks that passes where it was saved, ``?`` where cells
    could not be judged, and ``○`` where nothing is worse than where it was saved.
    """
    if upgrade.safe:
        return "✓"
    return "✗" if upgrade.breaks else "?" if upgrade.counts.get(Status.ERROR) else "○"


def told(upgrade: Upgrade) -> str:
    """Return the upgrade in a sentence, and how many of the cells that fail are no matter of versions."""
    if not upgrade.unrelated:
        return sentence(upgrade)
    return f"{sentence(upgrade)} ({f'{upgrade.unrelated} of them ' if upgrade.breaks else ''}in {upgrade.save} too)"
