"""The answer and the exit status."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model import Format
from runner.record import Cause, EnvironmentRecord, Record, Status
from runner.verdict import FailOn, Upgrade, answer, by_age, completed, exit_status, sentence, steps

OLD, NEW, NEWEST = "tf2.15", "tf2.16", "tf2.18"
ENVIRONMENTS = {
    OLD: EnvironmentRecord(tensorflow="2.15.1", keras="2.15.0"),
    NEW: EnvironmentRecord(tensorflow="2.16.2", keras="3.3.3"),
    NEWEST: EnvironmentRecord(tensorflow="2.18.1", keras="3.6.0"),
}


def cell(
    status: Status = Status.PASS,
    *,
    scenario: str = "dense",
    save: str = OLD,
    load: str = NEW,
    cause: Cause | None = None,
    expected: bool = True,
) -> Record:
    """Return a cell of which only this matters."""
    return Record(
        id=f"{scenario}.h5@{save}->{load}",
        scenario=scenario,
        format=Format.H5,
        save=save,
        load=load,
        status=status,
        cause=cause,
        expected=expected,
    )


def upgrade(**counts: int) -> Upgrade:
    """Return an upgrade with so many cells by status, and as many causes as ``causes`` says."""
    causes = tuple(f"cause-{place}" for place in range(counts.pop("causes", 0)))
    return Upgrade(
        save=OLD, load=NEW, safe=False, causes=causes, counts={Status(name): number for name, number in counts.items()}
    )


def test_with_itself_is_the_status_where_the_model_was_saved() -> None:
    """A cell is told how its scenario and format came out in the environment that saved it."""
    cells = completed([cell(Status.DRIFT, load=OLD), cell(), cell(scenario="other")])
    assert [c.with_itself for c in cells] == [Status.DRIFT, Status.DRIFT, None]


@pytest.mark.parametrize("status", Status)
def test_only_passes_and_unsupported_cells_are_expected(status: Status) -> None:
    """Without a baseline, whatever neither passes nor is declared unsupported is unexpected."""
    (record,) = completed([cell(status, expected=status is Status.FAIL)])
    assert record.expected is (status in {Status.PASS, Status.UNSUPPORTED})


def test_counts_name_every_status() -> None:
    """The counts hold every status, those of no cell included."""
    assert answer([cell(Status.DRIFT)], ENVIRONMENTS).counts == {s: int(s is Status.DRIFT) for s in Status}


def test_upgrades_go_from_old_to_new() -> None:
    """Only pairs of an older and a newer environment that have cells are upgrades, whatever the order of the matrix."""
    backwards = dict(reversed(ENVIRONMENTS.items()))
    cells = [cell(save=NEW, load=OLD), cell(load=OLD), cell(save=NEW, load=NEWEST), cell(save=OLD, load=NEWEST)]
    assert [(u.save, u.load) for u in answer(cells, backwards).upgrades] == [(OLD, NEWEST), (NEW, NEWEST)]


@pytest.mark.parametrize(
    ("statuses", "safe"),
    [
        ([Status.PASS, Status.PASS], True),
        ([Status.PASS, Status.UNSUPPORTED], True),
        ([Status.UNSUPPORTED], False),
        *(([Status.PASS, status], False) for status in Status if status not in {Status.PASS, Status.UNSUPPORTED}),
    ],
)
def test_an_upgrade_is_safe_when_all_that_was_loaded_passes(statuses: list[Status], safe: bool) -> None:
    """An upgrade is safe if something was loaded and nothing came out otherwise than as a pass."""
    cells = [cell(status, scenario=str(place)) for place, status in enumerate(statuses)]
    assert answer(cells, ENVIRONMENTS).upgrades[0].safe is safe


def test_causes_come_most_frequent_first() -> None:
    """The causes of an upgrade are those of its cells that do not pass, by number and then by name."""
    causes = [Cause.CLASS_MOVED, Cause.OP_MISSING, Cause.OP_MISSING, Cause.ASSETS_MISSING, None]
    cells = [cell(Status.FAIL, scenario=str(place), cause=cause) for place, cause in enumerate(causes)]
    found = answer([*cells, cell(cause=Cause.DISK_FULL)], ENVIRONMENTS).upgrades[0].causes
    assert found == ("op-missing", "assets-missing", "class-moved")


def test_what_fails_where_it_was_saved_breaks_in_no_upgrade() -> None:
    """A cell that does not pass with itself is counted as unrelated to the upgrade; one that does is what breaks."""
    cells = [
        *(cell(Status.FAIL, scenario=name) for name in ("always", "now", "unknown")),
        *(
            cell(status, scenario=name, load=OLD)
            for name, status in {"always": Status.CRASH, "now": Status.PASS}.items()
        ),
    ]
    (found,) = answer(completed(cells), ENVIRONMENTS).upgrades
    assert (found.total, found.unrelated, found.breaks) == (3, 1, 2)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"pass": 31, "fail": 13, "causes": 4}, "31 of 44 load; 13 fail, 4 causes"),
        ({"pass": 44}, "all 44 load"),
        ({"pass": 44, "unsupported": 3}, "all 44 load"),
        ({"pass": 1}, "1 of 1 loads"),
        ({"pass": 1, "fail": 1, "causes": 1}, "1 of 2 loads; 1 fails, 1 cause"),
        ({"pass": 5, "fail": 2, "drift": 2, "causes": 2}, "5 of 9 load; 2 fail, 2 drift, 2 causes"),
        ({"pass": 5, "drift": 1, "causes": 1}, "5 of 6 load; 1 drifts, 1 cause"),
        ({"pass": 3, "crash": 1, "timeout": 1}, "3 of 5 load; 1 crashes, 1 times out"),
        ({"blocked": 2, "fail": 1, "causes": 1}, "0 of 3 load; 1 fails, 2 blocked, 1 cause"),
        ({"pass": 2, "error": 1, "causes": 1}, "2 of 3 load; 1 could not be judged, 1 cause"),
        ({"error": 3, "causes": 1}, "3 could not be judged, 1 cause"),
        ({"unsupported": 3}, "nothing to load"),
        ({}, "nothing to load"),
    ],
)
def test_an_upgrade_is_told_in_a_sentence(counts: dict[str, int], words: str) -> None:
    """Every status is named apart, in good grammar, and the unsupported are no part of the whole."""
    assert sentence(upgrade(**counts)) == f"tf2.15 -> tf2.16: {words}"


@pytest.mark.parametrize(
    ("versions", "names"),
    [
        ({"b": "2.10.1", "a": "2.8.4"}, ("a", "b")),
        ({"new": "2.16.2/3.3.3", "legacy": "2.16.2/2.16.0"}, ("legacy", "new")),
        ({"today": "2.8.4", "then": "2.8.4"}, ("today", "then")),
        ({"final": "2.21.0", "rc": "2.21.0rc1"}, ("rc", "final")),
        ({"tf2": "2.0.0", "tf1": "1.15.5/2.2.4-tf"}, ("tf1", "tf2")),
        ({"a": "2.8.4", "unknown": "", "b": "2.10.1"}, ("a", "unknown", "b")),
        ({"unknown": "", "b": "2.10.1", "a": "2.8.4"}, ("unknown", "a", "b")),
        ({"odd": "nightly", "a": "2.8.4"}, ("odd", "a")),
    ],
)
def test_environments_are_ordered_by_age(versions: Mapping[str, str], names: tuple[str, ...]) -> None:
    """The age is TensorFlow's version, then Keras's, then the place in the matrix, which is all an unmade one has."""
    environments = {}
    for name, pair in versions.items():
        tensorflow, _, keras = pair.partition("/")
        environments[name] = EnvironmentRecord(tensorflow=tensorflow or None, keras=keras or None)
    assert by_age(environments) == names


def test_steps_lead_from_one_release_to_the_next() -> None:
    """Into each environment lead the closest older TensorFlow that has cells, and the same one with an older Keras."""
    environments = {**ENVIRONMENTS, "legacy": EnvironmentRecord(tensorflow="2.16.2", keras="2.16.0")}
    cells = [cell(save=save, load=load) for save in environments for load in environments]
    found = [(u.save, u.load) for u in steps(answer(cells, environments).upgrades, environments)]
    assert found == [(OLD, "legacy"), (OLD, NEW), ("legacy", NEW), ("legacy", NEWEST), (NEW, NEWEST)]


def test_steps_skip_environments_that_saved_nothing() -> None:
    """If only the oldest environment saved, every step leads from it."""
    found = steps(answer([cell(load=NEW), cell(load=NEWEST)], ENVIRONMENTS).upgrades, ENVIRONMENTS)
    assert [(u.save, u.load) for u in found] == [(OLD, NEW), (OLD, NEWEST)]


@pytest.mark.parametrize(
    ("cells", "unexpected", "on_any", "never"),
    [
        ([cell()], 0, 0, 0),
        ([cell(Status.UNSUPPORTED)], 0, 0, 0),
        ([], 0, 0, 0),
        ([cell(Status.FAIL, expected=False)], 1, 1, 0),
        ([cell(Status.BLOCKED, expected=False)], 1, 1, 0),
        ([cell(Status.FAIL, expected=True)], 0, 1, 0),
        ([cell(Status.PASS, expected=False)], 1, 0, 0),
        ([cell(Status.ERROR, expected=False)], 4, 4, 4),
        ([cell(Status.ERROR, expected=True), cell(Status.FAIL, expected=False)], 4, 4, 4),
    ],
)
def test_the_exit_status_follows_fail_on(cells: list[Record], unexpected: int, on_any: int, never: int) -> None:
    """What could not be judged outranks what failed, and no choice of ``--fail-on`` hides it."""
    found = [exit_status(cells, fail_on) for fail_on in (FailOn.UNEXPECTED, FailOn.ANY, FailOn.NEVER)]
    assert found == [unexpected, on_any, never]


@given(st.lists(st.tuples(st.sampled_from(Status), st.sampled_from([*ENVIRONMENTS, "gone"]), st.sampled_from(Cause))))
def test_every_cell_is_counted_once(drawn: list[tuple[Status, str, Cause]]) -> None:
    """Whatever the cells are, the counts add up to them, and those of the upgrades to those from old to new."""
    cells = completed(
        cell(status, scenario=str(place), load=load, cause=cause) for place, (status, load, cause) in enumerate(drawn)
    )
    found = answer(cells, ENVIRONMENTS)
    assert sum(found.counts.values()) == len(cells)
    upgrades = sum(c.load in {NEW, NEWEST} for c in cells)
    assert sum(sum(u.counts.values()) for u in found.upgrades) == upgrades
    assert all(sentence(u) for u in found.upgrades)
