"""Results to look at in report.html: as many as the shipped matrix has, and some that mean harm."""

from dataclasses import replace

from runner.model import Format
from runner.record import Blame, Cause, Comparison, EnvironmentRecord, Phase, Raised, Record, Status, Tried, Warned
from runner.results import Results
from runner.verdict import completed
from tests.unit.synthetic import results, synthetic

SHIPPED = 4608
HOSTILE = (
    "<script>alert(1)</script></script><img src=x onerror=alert(1)> ]]> <!-- &lt; \x1b[31mred\x1b[0m \x00 \u202e \u2028"
    " {{ 7 * 7 }} ${alert(1)} `code` ``` javascript:alert(1)"
)
LONG = HOSTILE + "\udc80" + "x" * 1_000_000
SHOWN = "<script>alert(1)</script></script><img src=x onerror=alert(1)> ]]> <!-- &lt; red \ufffd \ufffd"
"""The head of it, as a report shows it."""


def as_many_as_shipped() -> Results:
    """Return made-up results of as many cells as the shipped matrix has, with tracebacks as long as real ones."""
    found = synthetic()
    copies = [
        replace(cell, id=f"{turn}_{cell.id}", scenario=f"{turn}_{cell.scenario}")
        for turn in range(1 + SHIPPED // len(found.cells))
        for cell in found.cells
    ]
    return results(completed(map(_with_traceback, copies[:SHIPPED])), found.environments)


def _with_traceback(cell: Record) -> Record:
    if not cell.exception:
        return cell
    calls = [
        f'  File "site-packages/keras/{cell.load}/saving.py", line {17 * n}, in f{n}\n    g({n})' for n in range(40)
    ]
    lines = ["Traceback (most recent call last):", *calls, f"{cell.exception.type}: {cell.exception.message}"]
    return replace(cell, exception=replace(cell.exception, traceback="\n".join(lines)))


def hostile() -> Results:
    """Return results in which all that comes from outside is hostile, names included."""
    old = EnvironmentRecord(tensorflow="2.15.1", keras="2.15.0", packages={"numpy": HOSTILE, HOSTILE: "1"})
    new = EnvironmentRecord(
        tensorflow="2.16.2",
        keras="3.3.3",
        status="error",
        cause=Cause.ENVIRONMENT_IMPORT,
        explanation=HOSTILE,
        image=HOSTILE,
    )
    home = Record(id="home", scenario=HOSTILE, format=Format.H5, save="old", load="old", status=Status.PASS)
    cells = [home, _hostile_cell(home), _hostile_drift(home), replace(home, id="last", load=HOSTILE)]
    named = [replace(cell, id=f"{cell.scenario}.{cell.format}@{cell.save}->{cell.load}") for cell in cells]
    found = results(
        completed(named), {"old": old, "new": new, "newest": new, HOSTILE: replace(old, tensorflow="2.18.1")}
    )
    return replace(found, run=replace(found.run, started=HOSTILE, runner=HOSTILE))


def _hostile_cell(home: Record) -> Record:
    tried = Tried(
        id=HOSTILE,
        status=Status.PASS,
        loses=(HOSTILE,),
        how=HOSTILE,
        explanation=HOSTILE,
        error=HOSTILE,
        changes=(HOSTILE,),
    )
    return replace(
        home,
        load="new",
        status=Status.FAIL,
        phase=Phase.LOAD,
        cause=Cause.CONFIG_KEYWORD,
        explanation=HOSTILE,
        sources=("javascript:alert(1)", HOSTILE),
        exception=Raised(
            type=HOSTILE, message=HOSTILE + "\udc80" + "x" * 1_000_000, traceback=f"{HOSTILE}\n  {HOSTILE}"
        ),
        remedies=(tried, replace(tried, status=Status.FAIL, cause=Cause.UNRECOGNISED)),
        warnings=(Warned(kind=HOSTILE, text=HOSTILE),),
        blame=Blame(text=HOSTILE),
        accepted=HOSTILE,
        log=HOSTILE,
        reproduce=HOSTILE,
    )


def _hostile_drift(home: Record) -> Record:
    compared = Comparison(max_abs=0.25, first_layer=HOSTILE, first_layer_max_abs=0.5, decisions=8)
    return replace(home, load="newest", status=Status.DRIFT, cause=Cause.NUMERIC_DRIFT, comparison=compared)
