"""What does not come out alike each time is tried until something came twice, and told with all of its tries."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import flaky
from runner.judgement import Judgement
from runner.plan import Filters, plan
from runner.record import Cause, Record, Status
from tests.fakes import LIMITS, SAVE, Lab, environment, matrix

WAYS = {
    "passes": "pass",
    "crashes": "os.abort()",
    "hangs": "time.sleep(600)",
    "raises": "raise ValueError('odd')",
    "hogs": "np.ones(10**11, 'int8')",
    "leaves": "os._exit(3)",
}
"""What a try may do."""

LOAD = """
import os, time
import numpy as np
import tensorflow as tf

def turn():
    with open({count!r}, "a") as file:
        file.write("x")
        return file.tell() - 1

def act():
    return {ways!r}[min(turn(), {last})]

def load(path):
    exec(act())
    return tf.keras.models.load_model(path)
"""
SHORT = replace(LIMITS, seconds=2.5)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab of its own for each test."""
    return Lab(tmp_path)


def acting(lab: Lab, *names: str) -> str:
    """Return a load script that does one after the other, a try each, and the last for ever."""
    return LOAD.format(count=str(lab.folder / "count"), ways=[WAYS[name] for name in names], last=len(names) - 1)


def saving(lab: Lab, *names: str) -> str:
    """Return a save script that does so."""
    good = "\n".join(line[4:] for line in SAVE.splitlines()).replace("def save", "def good")
    return (
        f"{good}\n{acting(lab, *names)}".replace("def load", "def unused")
        + "\ndef save(path):\n    exec(act())\n    return good(path)\n"
    )


def loaded(lab: Lab, *names: str) -> Record:
    """Return the record of a cell whose load does so."""
    return lab.one(SAVE, acting(lab, *names), limits=SHORT)


@pytest.mark.parametrize(
    ("names", "status", "cause", "came"),
    [
        (("crashes", "passes"), Status.PASS, None, ["crash", "pass", "pass"]),
        (("crashes", "passes", "crashes"), Status.CRASH, Cause.SCENARIO_ERROR, ["crash", "pass", "crash"]),
        (("crashes", "passes", "raises"), Status.CRASH, Cause.SCENARIO_ERROR, ["crash", "pass", "fail"]),
        (("hangs", "passes"), Status.PASS, None, ["timeout", "pass", "pass"]),
        (("hangs", "crashes"), Status.CRASH, Cause.SCENARIO_ERROR, ["timeout", "crash", "crash"]),
        (("hangs", "raises", "passes"), Status.TIMEOUT, Cause.SCENARIO_ERROR, ["timeout", "fail", "pass"]),
        (("crashes", "raises"), Status.FAIL, Cause.SCENARIO_ERROR, ["crash", "fail", "fail"]),
        (("crashes", "hogs"), Status.ERROR, Cause.OUT_OF_MEMORY, ["crash", "error", "error"]),
    ],
)
def test_what_comes_twice_counts(
    lab: Lab, names: tuple[str, ...], status: Status, cause: Cause | None, came: list[str]
) -> None:
    """The outcome is the one that came twice, else the worst; all tries are kept, and the cell is marked."""
    record = loaded(lab, *names)
    assert (record.status, record.cause, record.attempts) == (status, cause, 3), record
    assert [each.status for each in record.tries] == came
    assert [each.fresh for each in record.tries] == [False, True, True]
    assert [warning.kind for warning in record.warnings].count("flaky") == 1


@pytest.mark.parametrize("name", ["passes", "crashes", "hangs", "raises", "hogs", "leaves"])
def test_what_comes_out_alike_is_not_marked(lab: Lab, name: str) -> None:
    """A cell that does the same each time has no tries to tell, and no mark."""
    record = loaded(lab, name)
    assert (record.tries, record.warnings) == ((), ())
    assert bool(record.key)


def test_what_is_told(lab: Lab) -> None:
    """The warning says what came of each try, and in which kind of process."""
    (warning,) = loaded(lab, "crashes", "passes").warnings
    assert warning.text == (
        "It did not come out alike each time: the first try crashed of SIGABRT in load (scenario-error); "
        "the second try, in a fresh process, passed; the third try, in a fresh process, passed."
    )


def test_an_explanation_claims_no_more_than_was_seen(lab: Lab) -> None:
    """A crash that came once is not said to have come again."""
    assert "too" not in loaded(lab, "crashes", "passes", "raises").explanation.partition(".")[0]


def test_a_crash_that_came_again_says_so(lab: Lab) -> None:
    """A crash that was confirmed is said to be, also when it is taken from the cache."""
    scenario = lab.scenario("one", saving(lab, "crashes"))
    first = lab.run(scenario)["one.h5@tf1->tf1"]
    (lab.output / "results.jsonl").unlink()
    second = lab.run(scenario)["one.h5@tf1->tf1"]
    assert "in a fresh process too" in first.explanation
    assert (second.explanation, second.attempts) == (first.explanation, first.attempts)


def test_the_next_run_tries_again(lab: Lab) -> None:
    """A cell that did not come out alike each time is not taken over as settled, and one that did is."""
    scenarios = [lab.scenario("odd", SAVE, acting(lab, "crashes", "passes")), lab.scenario("even")]
    lab.run(scenarios)
    records = lab.run(scenarios)
    assert (records["odd.h5@tf1->tf1"].attempts, records["odd.h5@tf1->tf1"].warnings) == (1, ())
    assert len((lab.folder / "count").read_text()) == 4


def test_a_save_that_does_not_come_out_alike(lab: Lab) -> None:
    """All cells of such a save are marked, none of them is settled, and the next run saves again."""
    scenario = lab.scenario("one", saving(lab, "crashes", "passes"))
    records = lab.run(scenario, ("tf1", "tf2")).values()
    odd = [record for record in records if record.save == "tf1" or record.warnings]
    assert {record.status for record in records} == {Status.PASS}
    assert len({record.save for record in odd}) <= 2
    marked = [record for record in records if record.warnings]
    assert {(each.load) for each in marked} == {"tf1", "tf2"}
    assert all(each.warnings[0].text.startswith("Its save did not come out alike") for each in marked)
    assert all([each.job for each in record.tries] == ["save"] * 3 and not record.key for record in marked)
    again = lab.run(scenario, ("tf1", "tf2")).values()
    assert all(record.warnings == () and record.status is Status.PASS for record in again)


def test_a_save_that_crashes_twice_of_three_times(lab: Lab) -> None:
    """It left nothing to load; its root says crash, the others are blocked, and all are marked."""
    scenario = lab.scenario("one", saving(lab, "crashes", "passes", "crashes"))
    wanted = plan(matrix([environment("tf1"), environment("tf2")], [scenario]), Filters(save=("tf1",)))
    records = lab.execute(wanted, jobs=1).records
    assert [record.status for record in records] == [Status.CRASH, Status.BLOCKED]
    assert all(record.warnings[0].kind == "flaky" for record in records)


STATUSES = st.sampled_from([s for s in Status if s is not Status.BLOCKED])
JUDGED = st.builds(Judgement, status=STATUSES, cause=st.sampled_from([None, Cause.UNRECOGNISED, Cause.SCENARIO_ERROR]))


@given(st.lists(JUDGED, min_size=3, max_size=3))
def test_a_pass_needs_two(judged: list[Judgement]) -> None:
    """Of three tries, a pass counts only if it came twice."""
    found = judged[flaky.counts(judged)]
    if found.status is Status.PASS:
        assert [each.status for each in judged].count(Status.PASS) > 1


@given(st.lists(JUDGED, min_size=3, max_size=3))
def test_what_came_twice_is_never_outvoted(judged: list[Judgement]) -> None:
    """If some outcome came twice, that one counts."""
    place = flaky.counts(judged)
    if any(flaky.came_twice(judged, each) for each in range(3)):
        assert flaky.came_twice(judged, place)
