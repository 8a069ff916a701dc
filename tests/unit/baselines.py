"""A small matrix, any run of it, and any baseline: what the tests of the baseline draw from."""

from datetime import date, timedelta
from itertools import product

from hypothesis import strategies as st

from runner.baseline import ACCEPTABLE, Baseline, Row
from runner.baseline.globs import Where
from runner.model import Format
from runner.record import Cause, Phase, Record, Status

TODAY = date(2026, 11, 25)
MATRIX = {
    where.id: where
    for where in (
        Where(f"{scenario}.{form}@{save}->{load}", scenario, form, save, load)
        for scenario, form, save, load in product(
            ["dense", "lstm"],
            ["h5", "keras"],
            ["tf2.8", "tf2.15", "tf2.16-legacy"],
            ["tf2.8", "tf2.15", "tf2.16-legacy"],
        )
        if (scenario, form, save) != ("lstm", "keras", "tf2.8")  # a hole
    )
}


def cell(name: str, status: Status = Status.PASS, cause: Cause | None = None, *, phase: Phase | None = None) -> Record:
    """Return a cell of the matrix that came out so."""
    where = MATRIX[name]
    return Record(
        id=name,
        scenario=where.scenario,
        format=Format(where.format),
        save=where.save,
        load=where.load,
        status=status,
        cause=cause,
        phase=phase,
    )


def row(cells: str, status: Status = Status.FAIL, cause: Cause | None = Cause.CONFIG_KEYWORD, **said: object) -> Row:
    """Return a row about one glob."""
    return Row(**{"cells": (cells,), "status": status, "cause": cause, "reason": "known", **said})  # type: ignore[arg-type]


causes = st.sampled_from([None, Cause.CONFIG_KEYWORD, Cause.CLASS_MOVED])
records = st.builds(
    cell, st.sampled_from(list(MATRIX)), st.sampled_from(Status), causes, phase=st.sampled_from([None, *Phase])
)
runs = st.lists(records, max_size=30, unique_by=lambda record: record.id).map(tuple)
globs = st.sampled_from(
    [
        "*",
        "*.h5@*",
        "dense.*",
        "{dense,lstm}.keras@*->tf2.15",
        "*@tf2.{8,15}->*",
        "*->tf2.16-legacy",
        "old.h5@*",
        *MATRIX,
    ]
)
rows = st.builds(
    Row,
    cells=st.lists(globs, min_size=1, max_size=3).map(tuple),
    status=st.sampled_from(ACCEPTABLE),
    cause=causes,
    reason=st.sampled_from(["known", "yes", "see: #1", "- {a}", "é\u2028x"]),
    link=st.none() | st.just("https://example.org/1"),
    expires=st.none() | st.sampled_from([TODAY, TODAY - timedelta(days=1)]),
)
baselines = st.builds(Baseline, rows=st.lists(rows, max_size=6).map(tuple))
