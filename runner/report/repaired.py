"""What `repair` prints: what is other in the copy, and how well it is proved."""

from collections.abc import Iterator
from pathlib import Path

from runner.execution.repairing import Repaired
from runner.model import Comparison
from runner.report.text import clean


def told(repaired: Repaired, target: str, out: Path) -> str:
    """Return the outcome of a repair in lines."""
    return "\n".join(_lines(repaired, target, clean(out)))


def _lines(repaired: Repaired, target: str, out: str) -> Iterator[str]:
    judgement = repaired.judgement
    yield from (f"  {clean(change)}" for change in repaired.changes)
    if judgement is None:
        yield f"Nothing was found to repair for {target}, and no copy was written."
    elif not repaired.loads:
        yield f"No copy was written: {target} does not load it ({judgement.cause or judgement.status})."
        yield f"  {clean(judgement.explanation or (judgement.exception.first_line if judgement.exception else ''))}"
    elif repaired.reference is None:
        yield f"{out}: {target} loads it. Its outputs are not proved: no environment of the matrix loads the original."
    elif repaired.changes:
        same = f"it gives what the original gives in {repaired.reference}"
        yield f"{out}: {target} loads it, and {same}{_by(judgement.comparison)}."
    else:
        yield f"{out}: an unchanged copy, as {target} loads the original{_by(judgement.comparison)}."


def _by(comparison: Comparison | None) -> str:
    if comparison is None or comparison.max_abs is None:
        return ""
    return f" (outputs differ by at most {comparison.max_abs:.3g})"
