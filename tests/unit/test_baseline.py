"""A run against its baseline: what is expected, what is worse, what is better, and what --accept makes of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.baseline import ACCEPTABLE, Baseline, Row, decisions, judge
from runner.baseline.accepting import accepted
from runner.baseline.document import read_baseline, write_baseline
from runner.errors import DocumentError
from runner.record import Cause, Phase, Record, Status
from runner.verdict import FailOn, exit_status
from tests.unit.baselines import MATRIX, TODAY, baselines, cell, row, runs

HERE, THERE = "dense.h5@tf2.8->tf2.8", "dense.h5@tf2.8->tf2.15"
FAIL, KEYWORD, MOVED = Status.FAIL, Cause.CONFIG_KEYWORD, Cause.CLASS_MOVED


def judged(found: Record, *rows: Row) -> Record:
    """Return a cell as these rows judge it."""
    return judge([found], Baseline(rows=rows), TODAY).cells[0]


@given(runs, baselines)
def test_every_cell_is_judged_once(cells: tuple[Record, ...], baseline: Baseline) -> None:
    """Whatever comes out, and whatever is accepted, each cell is exactly one of expected, worse, better, not judged."""
    gate = judge(cells, baseline, TODAY, MATRIX)
    errors = sum(found.status is Status.ERROR for found in cells)
    assert [found.id for found in gate.cells] == [found.id for found in cells]
    assert sum(found.expected for found in gate.cells) + len(gate.worse) + len(gate.better) + errors == len(cells)
    assert exit_status(gate.cells, FailOn.UNEXPECTED) == (4 if errors else int(bool(gate.worse or gate.better)))
    assert gate.known == sum(found.accepted is not None for found in gate.cells)


@given(runs)
def test_without_rows_only_what_does_not_pass_is_worse(cells: tuple[Record, ...]) -> None:
    """An empty baseline expects passes, and what is declared unsupported."""
    gate = judge(cells, Baseline(), TODAY)
    assert {found.status for found in gate.cells if found.expected} <= {Status.PASS, Status.UNSUPPORTED}
    assert {each.cell.status for each in gate.worse} <= set(ACCEPTABLE)
    assert not gate.better


@pytest.mark.parametrize(
    ("found", "accepted", "expected"),
    [
        (cell(HERE, FAIL, KEYWORD), row(HERE), True),
        (cell(HERE, FAIL, MOVED), row(HERE), False),
        (cell(HERE, Status.DRIFT, KEYWORD), row(HERE), False),
        (cell(HERE, Status.CRASH), row(HERE, Status.CRASH, None), True),
        (cell(HERE, Status.CRASH, KEYWORD), row(HERE, Status.CRASH, None), False),
        (cell(HERE, Status.PASS), row(HERE), False),
        (cell(HERE, Status.UNSUPPORTED), row(HERE), True),
        (cell(HERE, Status.ERROR), row(HERE), False),
        (cell(HERE, FAIL, KEYWORD), row(THERE), False),
        (cell(HERE, FAIL, KEYWORD), row(HERE, expires=TODAY), True),
        (cell(HERE, FAIL, KEYWORD), row(HERE, expires=TODAY - timedelta(days=1)), False),
        (cell(HERE), row(HERE, expires=TODAY - timedelta(days=1)), True),
        # a save that fails is told at the first of its cells that is selected, and blocks the others
        (cell(THERE, FAIL, KEYWORD, phase=Phase.SAVE), row(THERE, Status.BLOCKED), True),
        (cell(THERE, FAIL, MOVED, phase=Phase.SAVE), row(THERE, Status.BLOCKED), False),
        (cell(THERE, FAIL, KEYWORD, phase=Phase.LOAD), row(THERE, Status.BLOCKED), False),
        (cell(THERE, FAIL, KEYWORD, phase=Phase.SAVE), row(THERE), True),
        (cell(HERE, Status.CRASH, KEYWORD, phase=Phase.SAVE), row(HERE), False),
    ],
)
def test_status_and_cause_are_accepted_together(found: Record, accepted: Row, expected: bool) -> None:
    """A cell is expected only if both are those of the row that decides it, and the row has not expired."""
    assert judged(found, accepted).expected is expected


def test_the_first_row_that_matches_decides() -> None:
    """A narrow row before a wide one is an exception from it; behind it, it decides nothing."""
    found, narrow, wide = cell(HERE, FAIL, MOVED), row(HERE, cause=MOVED), row("*")
    assert judged(found, narrow, wide).expected
    assert not judged(found, wide, narrow).expected
    assert judge([found], Baseline(rows=(wide, narrow)), TODAY, MATRIX).unused == (narrow,)


def test_the_reason_is_told_with_the_cell() -> None:
    """Reports can say why an outcome is accepted."""
    assert judged(cell(HERE, FAIL, KEYWORD), row(HERE, reason="Keras 3 is later.")).accepted == "Keras 3 is later."
    assert judged(cell(HERE, FAIL, MOVED), row(HERE)).accepted is None


def test_rows_of_no_use_are_said() -> None:
    """Rows that have expired, and rows that match no cell of the matrix, are told apart from those that hold."""
    expired, unused, elsewhere = row(HERE, expires=TODAY - timedelta(days=1)), row("lost.h5@*"), row("lstm.*")
    gate = judge([cell(HERE)], Baseline(rows=(expired, unused, elsewhere)), TODAY, MATRIX)
    assert gate.expired == (expired,)
    assert gate.unused == (unused,)


@settings(max_examples=300)
@given(runs, baselines)
def test_what_was_accepted_is_expected(cells: tuple[Record, ...], baseline: Baseline) -> None:
    """After --accept the same run has nothing worse or better, and accepting it again changes nothing."""
    after = accepted(cells, baseline, TODAY, MATRIX)
    gate = judge(cells, after, TODAY, MATRIX)
    assert not gate.worse
    assert not gate.better
    assert accepted(cells, after, TODAY, MATRIX) == after


@settings(max_examples=300)
@given(runs, baselines, runs)
def test_cells_that_were_not_in_the_run_keep_what_was_accepted(
    cells: tuple[Record, ...], baseline: Baseline, others: tuple[Record, ...]
) -> None:
    """--accept changes nothing for cells that were not run, or could not be judged."""
    run = {found.id for found in cells if found.status is not Status.ERROR}
    others = tuple(found for found in others if found.id not in run)
    after = accepted(cells, baseline, TODAY, MATRIX)
    assert judge(others, after, TODAY).cells == judge(others, baseline, TODAY).cells


@settings(max_examples=300)
@given(runs, baselines)
def test_no_row_decides_a_cell_that_came_out_otherwise(cells: tuple[Record, ...], baseline: Baseline) -> None:
    """However cells are put together in globs, a row decides none that has another outcome, a pass included."""
    after = accepted(cells, baseline, TODAY, MATRIX)
    live = [each for each in after.rows if not each.has_expired(TODAY)]
    deciding = decisions(live, MATRIX)
    for found in cells:
        if found.status is not Status.ERROR and (decided := deciding.get(found.id)):
            assert decided.accepts(found)


def test_what_holds_stays_word_for_word() -> None:
    """A row keeps its glob, reason, link and expiry as long as nothing contradicts it."""
    wide = row("dense.*", reason="ours", link="https://example.org", expires=TODAY)
    assert accepted([cell(HERE, FAIL, KEYWORD)], Baseline(rows=(wide,)), TODAY, MATRIX) == Baseline(rows=(wide,))


def test_what_passes_now_leaves_its_row() -> None:
    """A row becomes narrower by the cells that pass now, keeps its reason, and goes with the last of them."""
    wide = row("dense.h5@tf2.8->*", reason="ours")
    narrower = accepted([cell(HERE)], Baseline(rows=(wide,)), TODAY, MATRIX)
    assert narrower == Baseline(rows=(replace(wide, cells=("dense.h5@tf2.8->tf2.{15,16-legacy}",)),))
    passing = [cell(name) for name in MATRIX if wide.matches(name)]
    assert accepted(passing, Baseline(rows=(wide,)), TODAY, MATRIX) == Baseline()


def test_what_is_new_asks_for_a_reason() -> None:
    """New outcomes get a row each that says when they were accepted, those alike together."""
    new = [cell(name, FAIL, MOVED) for name in MATRIX if name.startswith("dense.h5") and name.endswith("->tf2.15")]
    (made,) = accepted(new, Baseline(), TODAY, MATRIX).rows
    assert made == row("dense.h5@*->tf2.15", FAIL, MOVED, reason="accepted on 2026-11-25, no reason given")


def test_a_wide_row_gives_its_reason_to_what_is_like_it() -> None:
    """A reason in a wide row is given to all cells that the row is right about, once a whole run is accepted."""
    failing = [cell(HERE, FAIL, MOVED), cell(THERE, FAIL, KEYWORD)]
    run = [*failing, *(cell(name) for name in MATRIX if name not in (HERE, THERE))]
    both = Baseline(rows=(row("*", FAIL, MOVED, reason="moved"), row("*", FAIL, KEYWORD, reason="keyword")))
    assert [(each.cells, each.reason) for each in accepted(run, both, TODAY, MATRIX).rows] == [
        ((HERE,), "moved"),
        ((THERE,), "keyword"),
    ]


def test_an_expired_row_is_accepted_anew_with_its_reason() -> None:
    """What is still so when its row has expired keeps the reason, and no expiry, once someone accepts it."""
    old = row(HERE, reason="until they mend it", expires=TODAY - timedelta(days=1))
    (made,) = accepted([cell(HERE, FAIL, KEYWORD)], Baseline(rows=(old,)), TODAY, MATRIX).rows
    assert made == replace(old, expires=None)


@given(baselines)
def test_any_baseline_is_read_as_it_was_written(baseline: Baseline) -> None:
    """What is written is YAML that is read back the same."""
    with TemporaryDirectory() as folder:
        write_baseline(baseline, Path(folder, "baseline.yaml"))
        assert read_baseline(Path(folder, "baseline.yaml")) == baseline


def test_a_baseline_that_people_write(tmp_path: Path) -> None:
    """One glob or a list of them, with or without a cause, link and expiry, and where each row stands."""
    path = tmp_path / "baseline.yaml"
    path.write_text(
        "version: 1\naccepted:\n- {cells: 'a.*', status: crash, reason: r}\n"
        "- cells: ['b.*', c]\n  status: fail\n  cause: op-missing\n  reason: s\n  link: https://x.y\n"
        "  expires: 2027-01-31\n"
    )
    first, second = read_baseline(path).rows
    assert first == Row(cells=("a.*",), status=Status.CRASH, reason="r")
    assert (second.cells, second.cause, second.link) == (("b.*", "c"), Cause.OP_MISSING, "https://x.y")
    assert str(second.expires) == "2027-01-31"
    assert (first.line, second.line) == (3, 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accepted: []\n", "1:1: 'version' is missing; write version: 1"),
        ("version: 2\n", "1:10: 'version' must be 1"),
        ("version: 1\naccept: []\n", "2:1: unknown key 'accept'; perhaps you meant 'accepted'"),
        ("version: 1\naccepted: {a: b}\n", "2:11: 'accepted' must be a list, in [ ]"),
        ("version: 1\naccepted:\n- {cells: a, reason: r}\n", "3:3: 'status' is missing"),
        ("version: 1\naccepted:\n- {cells: a, status: fail}\n", "3:3: 'reason' is missing"),
        (
            "version: 1\naccepted:\n- {cells: a, status: fial, reason: r}\n",
            "3:22: unknown status 'fial'; perhaps you meant 'fail'",
        ),
        (
            "version: 1\naccepted:\n- {cells: a, status: fail, cause: config-keywords, reason: r}\n",
            "3:35: unknown cause 'config-keywords'; perhaps you meant 'config-keyword'",
        ),
        ("version: 1\naccepted:\n- {cells: a, status: pass, reason: r}\n", "3:22: a cell that passes needs no row"),
        ("version: 1\naccepted:\n- {cells: a, status: error, reason: r}\n", "3:22: an 'error' cannot be accepted"),
        ("version: 1\naccepted:\n- {cells: a, status: unsupported, reason: r}\n", "needs no row"),
        ("version: 1\naccepted:\n- {cells: a, status: fail, reason: ' '}\n", "3:36: the reason is empty"),
        ("version: 1\naccepted:\n- {cells: [], status: fail, reason: r}\n", "3:11: 'cells' must not be empty"),
        (
            "version: 1\naccepted:\n- {cells: [a, '{b'], status: fail, reason: r}\n",
            "3:15: '{b': a brace has no partner",
        ),
        ("version: 1\naccepted:\n- {cells: a, status: fail, reason: r, expires: 2027-02-30}\n", "is no date"),
        ("version: 1\naccepted:\n- {cells: a, status: fail, reason: r, expires: 20270230}\n", "quote it"),
        ("version: 1\naccepted:\n- {cells: a, status: fail, reason: r, expire: x}\n", "perhaps you meant 'expires'"),
    ],
)
def test_mistakes_are_said_with_their_place(text: str, said: str, tmp_path: Path) -> None:
    """What is wrong in a baseline is told with its line, its column and the closest known name."""
    path = tmp_path / "baseline.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError) as caught:
        read_baseline(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")
    assert len(caught.value.mistakes) == 1


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    """One mistake hides no other, in whatever row it is."""
    path = tmp_path / "baseline.yaml"
    path.write_text(
        "version: 1\naccepted:\n- {cells: a, status: x, reason: r}\n- {cells: '{', status: fail, cause: y}\n"
    )
    with pytest.raises(DocumentError) as caught:
        read_baseline(path)
    assert [mistake.line for mistake in caught.value.mistakes] == [3, 4, 4, 4]


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=40) | st.sampled_from(["[]", "x", "{}", "null", "[[a]]", "[{cells: 1}]"]))
def test_any_text_is_read_or_refused(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever stands under `accepted`, it is read or refused in words."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(f"version: 1\naccepted: {text}\n", encoding="utf-8")
    try:
        said = read_baseline(path).rows is not None
    except DocumentError as error:
        said = bool(error.mistakes)
    assert said
