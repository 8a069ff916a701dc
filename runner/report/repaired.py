"""What `repair` prints: what is other in the copy, and how well it is proved."""

from collections.abc import Iterator
from pathlib import Path

from runner.execution.repairing import Repaired
from runner.judgement import Judgement
from runner.record import Cause, Comparison, Status
from runner.report.text import clean

_HINTS = {
    Cause.CUSTOM_OBJECT_MISSING: "If it is of your own, name the file that defines it with --objects.",
    Cause.UNSAFE_DESERIALIZATION: "If you trust the file, say so with --trust.",
}


def told(repaired: Repaired, target: str, out: Path) -> str:
    """Return the outcome of a repair in lines."""
    return "\n".join(_lines(repaired, target, clean(out)))


def _lines(repaired: Repaired, target: str, out: str) -> Iterator[str]:
    judgement = repaired.judgement
    yield from (f"  {clean(change)}" for change in repaired.changes)
    if judgement is None:
        yield f"Nothing was found to repair for {target}, and no copy was written."
    elif not repaired.loads:
        yield f"No copy was written: {_trouble(judgement, target)} ({judgement.cause or judgement.status})."
        yield f"  {clean(_why(judgement))}"
        if judgement.cause in _HINTS:
            yield f"  {_HINTS[judgement.cause]}"
    else:
        what = "" if repaired.changes else "an unchanged copy. "
        yield f"{out}: {what}{target} loads it{_proof(repaired)}"
        if not repaired.compiled:
            yield "  Load it with compile=False: with its optimizer, losses and metrics it does not load."


def _proof(repaired: Repaired) -> str:
    compared = repaired.judgement.comparison if repaired.judgement else None
    if repaired.reference is None:
        return ". Its outputs are not proved: no environment of the matrix loads the original."
    if compared is None or compared.shows_nothing:
        return f". Its outputs are not proved: nothing of the original in {repaired.reference} could be compared."
    return f", and it gives what the original gives in {repaired.reference}{_by(compared)}."


def _trouble(judgement: Judgement, target: str) -> str:
    return f"in {target} it gives something else" if judgement.status is Status.DRIFT else f"{target} does not load it"


def _why(judgement: Judgement) -> str:
    raised = judgement.exception
    told = judgement.explanation if judgement.cause is not Cause.SCENARIO_ERROR or not raised else ""
    return told or (raised.first_line if raised else "")


def _by(comparison: Comparison | None) -> str:
    if comparison is None or comparison.max_abs is None:
        return ""
    return f" (outputs differ by at most {comparison.max_abs:.3g})"
