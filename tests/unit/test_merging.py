"""The outputs of several runs become one, as if one run had made them."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.matrix import read_matrix
from runner.plan import Filters, Plan, plan
from runner.record import Cause, EnvironmentRecord, Phase, Record, Status
from runner.report.markdown import to_markdown
from runner.results import read_journal, write_results
from runner.shards import Shard
from runner.shards.agreement import Output
from runner.shards.folders import read_outputs
from runner.shards.merging import merge
from runner.shards.parts import part
from runner.shards.times import Times
from runner.verdict import answer, completed
from tests.fakes import environment, matrix
from tests.unit.places import MATRIX, REPOSITORY, Place
from tests.unit.synthetic import results


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return a folder in which the matrix was run in one, and in two shards and an empty one, that were merged."""
    place = Place(tmp_path_factory.mktemp("shards"))
    for name, words in {"whole": [], "one": ["--shard", "1/2"], "two": ["--shard", "2/2"]}.items():
        assert place.call("run", "--output", name, *words).returncode == 1
    empty = place.call("run", "--output", "empty", "--shard", "9/9")
    assert empty.returncode == 0
    assert "Shard 9/9 is empty" in empty.stderr
    merged = place.call("report", "one", "two", "empty", "--output", "merged")
    assert merged.returncode == 1
    assert "missing" not in merged.stdout
    return place


def timeless(cells: Sequence[Record]) -> list[Record]:
    """Return the cells without what differs from run to run."""
    return [replace(cell, seconds=0.0, peak_rss_mb=None, exception=None) for cell in cells]


def test_merged_shards_are_the_whole(place: Place) -> None:
    """What the shards found together is what one run finds: cells in their order, answer, environments, pins, logs."""
    whole, merged = place.results("whole"), place.results("merged")
    assert timeless(merged.cells) == timeless(whole.cells)
    assert merged.answer == whole.answer
    assert list(merged.environments) == list(whole.environments)
    assert (merged.run.shard, merged.run.missing, merged.run.matrix) == (None, (), whole.run.matrix)
    for folder in ("environments", "logs"):
        assert contents(place.folder / "merged" / folder) == contents(place.folder / "whole" / folder) != set()


def contents(folder: Path) -> set[str]:
    """Return the names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


def test_shards_are_parts(place: Place) -> None:
    """A shard says which it is, and has not what another one has."""
    one, two = place.results("one"), place.results("two")
    assert (one.run.shard, two.run.shard) == ("1/2", "2/2")
    assert one.cells
    assert two.cells
    assert not {cell.id for cell in one.cells} & {cell.id for cell in two.cells}


def test_a_run_goes_on_from_what_was_merged(place: Place) -> None:
    """A run into the merged folder takes everything over: its journal grows by nothing."""
    journal = place.folder / "merged" / "results.jsonl"
    before = journal.read_bytes()
    assert len(read_journal(journal)) == len(place.results("whole").cells)
    assert place.call("run", "--output", "merged").returncode == 1
    assert journal.read_bytes() == before


def test_holes_are_shown(place: Place) -> None:
    """Cells that no shard has are counted and named in the terminal and in Markdown, and the exit status is 4."""
    done = place.call("report", "one", "--output", "hole")
    assert done.returncode == 4
    missing = place.results("hole").run.missing
    assert set(missing) == {cell.id for cell in place.results("two").cells}
    report = (place.folder / "hole" / "report.md").read_text(encoding="utf-8")
    page = (place.folder / "hole" / "report.html").read_text(encoding="utf-8")
    assert f"{len(missing)} cells of the plan are missing" in page
    for text in (done.stdout, report):
        assert f"{len(missing)} cells of the plan are missing: no merged run has them." in text
        assert all(name in text for name in missing)
    assert place.call("report", "hole", "two", "--output", "whole_again").returncode == 1
    assert place.results("whole_again").run.missing == ()


def test_a_selection_has_no_holes(place: Place) -> None:
    """Shards of a part of the matrix are whole when all of that part is there."""
    for number in ("1", "2"):
        place.call("run", "--scenario", "good", "--shard", f"{number}/2", "--output", f"good{number}")
    assert place.call("report", "good1", "good2", "--output", "good").returncode == 0
    assert {cell.scenario for cell in place.results("good").cells} == {"good"}


def test_a_run_that_did_not_end_is_left_out(place: Place) -> None:
    """The cells of a shard that has only a journal are missing, and it is said why."""
    (place.folder / "killed").mkdir(exist_ok=True)
    (place.folder / "killed" / "results.jsonl").write_bytes((place.folder / "two" / "results.jsonl").read_bytes())
    done = place.call("report", "one", "killed", "--output", "part")
    assert done.returncode == 4
    assert "killed is left out: its run has not ended." in done.stderr
    alone = place.call("report", "killed", "--output", "part")
    assert alone.returncode == 2
    assert "has ended" in alone.stderr


def test_the_baseline_holds_for_the_whole(place: Place) -> None:
    """What is merged is accepted, fails and passes under a baseline as a run does."""
    words = ["report", "one", "two", "--output", "gate", "--baseline", "accepted.yaml"]
    assert place.call(*words, "--accept").returncode == 0
    assert place.call(*words).returncode == 0
    assert place.call(*words, "--fail-on", "any").returncode == 1
    assert {cell.accepted is not None for cell in place.results("gate").cells if cell.status is Status.BLOCKED} == {
        True
    }


def test_the_summary_is_of_the_whole(place: Place) -> None:
    """On GitHub Actions the merged report becomes the summary, and that of a shard does not."""
    summary = place.folder / "summary.md"
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    shard = place.call("run", "--output", "one", "--shard", "1/2", **variables)
    assert "::error" not in shard.stdout
    assert not summary.exists()
    merged = place.call("report", "one", "two", "--output", "github", **variables)
    assert "::error" in merged.stdout
    assert "Will the saved models survive" in summary.read_text(encoding="utf-8")


def test_one_folder_is_reported_in_place(place: Place) -> None:
    """`report DIR` ends with 0 whatever it holds, unless one asks for more."""
    assert place.call("report", "whole").returncode == 0
    assert place.call("report", "whole", "--fail-on", "unexpected").returncode == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["one", "two"], "name it with --output DIR"),
        (["one", "two", "--output", "two"], "two is one of the folders that are merged"),
        (["one", "nowhere", "--output", "new"], "There is no nowhere"),
    ],
)
def test_wrong_folders(place: Place, words: list[str], said: str) -> None:
    """Folders that cannot be merged are an error that says why, and nothing is written."""
    done = place.call("report", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place.folder / "new").exists()


def test_another_matrix(place: Place) -> None:
    """Outputs of another matrix than the one that is there are refused."""
    (place.folder / "other.yaml").write_text(f"{MATRIX}# another\n", encoding="utf-8")
    done = place.call("report", "one", "two", "--output", "new", "--matrix", "other.yaml")
    assert done.returncode == 2
    assert "one is of another matrix than other.yaml" in done.stderr


WANTED = matrix(
    [environment("tf1"), environment("tf2")],
    [scenario_ for scenario_ in read_matrix(REPOSITORY / "matrix.yaml").scenarios if scenario_.name == "dense"],
)
PLAN = plan(WANTED, Filters())


def output(name: str, cells: Sequence[Record], **run: Any) -> Output:
    """Return an output folder with these cells."""
    found = results(tuple(cells), {"tf1": EnvironmentRecord(), "tf2": EnvironmentRecord()})
    values: dict[str, Any] = {"matrix": WANTED.digest, **run}
    return Output(folder=Path(name), results=replace(found, run=replace(found.run, **values)), pins={})


def records(wanted: Plan, **values: Any) -> list[Record]:
    """Return a record for each cell of a plan."""
    return [_record(cell.id, cell.save.name, cell.load.name, cell.format, values) for cell in wanted.cells]


def _record(name: str, save: str, load: str, form: object, values: dict[str, Any]) -> Record:
    known: dict[str, Any] = {
        "id": name,
        "scenario": "dense",
        "format": form,
        "save": save,
        "load": load,
        "status": Status.PASS,
    }
    return Record(**{**known, **values})


STATUSES = st.sampled_from([Status.PASS, Status.DRIFT, Status.FAIL, Status.UNSUPPORTED, Status.ERROR])


@settings(deadline=None)
@given(st.lists(STATUSES, min_size=len(PLAN.cells), max_size=len(PLAN.cells)), st.integers(1, 9), st.randoms())
def test_merging_undoes_splitting(statuses: list[Status], number: int, chance: random.Random) -> None:
    """However a run was split and in whatever order its parts come, together they say what the whole says."""
    known = [replace(cell, status=status) for cell, status in zip(records(PLAN), statuses, strict=True)]
    outputs = []
    for place in range(1, number + 1):
        mine = {cell.id for cell in part(PLAN, Shard(number=place, of=number), Times()).plan.cells}
        outputs.append(output(str(place), [cell for cell in known if cell.id in mine], shard=f"{place}/{number}"))
    chance.shuffle(outputs)
    merged = merge(outputs, WANTED).results
    assert merged.cells == completed(known)
    assert merged.answer == answer(completed(known), merged.environments)
    assert merged.run.missing == ()


def test_the_later_run_wins() -> None:
    """A cell that two folders have is what the later run says, in whatever order they are named; it is said which."""
    early = output("early", records(PLAN), started="2026-01-01T00:00:00Z")
    late = output("late", records(PLAN, status=Status.DRIFT)[:1], started="2026-01-02T00:00:00Z")
    for outputs in ((early, late), (late, early)):
        merged = merge(outputs, WANTED)
        assert [cell.status for cell in merged.results.cells[:2]] == [Status.DRIFT, Status.PASS]
        assert merged.folders[PLAN.cells[0].id] == Path("late")
        assert any(f"1 ({PLAN.cells[0].id})" in note for note in merged.notes)


def test_what_is_known_outranks_what_is_not() -> None:
    """A cell that the later run could not judge is what the earlier one found, and nothing is to be said."""
    early = output("early", records(PLAN), started="2026-01-01T00:00:00Z")
    late = output("late", records(PLAN, status=Status.ERROR), started="2026-01-02T00:00:00Z")
    merged = merge([early, late], WANTED)
    assert {cell.status for cell in merged.results.cells} == {Status.PASS}
    assert merged.notes == ()


def test_one_root_for_a_save_that_failed() -> None:
    """Where two runs each had a part of what shares a save that failed, one cell answers for all of them."""
    failed = {"status": Status.FAIL, "phase": Phase.SAVE, "cause": Cause.SCENARIO_ERROR, "explanation": "It raised."}
    known = [cell for cell in records(PLAN, **failed) if cell.format == "h5" and cell.save == "tf2"]
    merged = merge([output("a", known[:1]), output("b", known[1:])], WANTED).results
    root = next(cell for cell in merged.cells if cell.load == "tf2")
    blocked = next(cell for cell in merged.cells if cell.load == "tf1")
    assert (root.status, root.root) == (Status.FAIL, None)
    assert (blocked.status, blocked.root, blocked.with_itself) == (Status.BLOCKED, root.id, Status.FAIL)
    assert blocked.explanation == "There is nothing to load, as it could not be saved: It raised."


def _pinned(name: str, pins: str) -> Output:
    return replace(output(name, records(PLAN)), pins={"tf1": pins})


def _of(name: str, **made: Any) -> Output:
    found = output(name, records(PLAN))
    environments = {"tf1": replace(EnvironmentRecord(), **made), "tf2": EnvironmentRecord()}
    return replace(found, results=replace(found.results, environments=environments))


REFUSED: dict[str, tuple[Callable[[], list[Output]], str]] = {
    "versions": (
        lambda: [output("a", records(PLAN)), output("b", records(PLAN), runner="9.9")],
        "a and b are of crossload 0.1.0 and 9.9: run them with one version.",
    ),
    "matrices": (
        lambda: [output("a", records(PLAN)), output("b", records(PLAN), matrix="sha256:1")],
        "a and b are of different matrices: run them with one.",
    ),
    "pins": (
        lambda: [_pinned("a", "h5py==3.1\nnumpy==1.26.4\n"), _pinned("b", "h5py==3.1\nnumpy==1.26.5\n")],
        "tf1 is not the same in a and b (numpy==1.26.4, numpy==1.26.5).",
    ),
    "cells": (
        lambda: [output("a", [replace(records(PLAN)[0], id="x.h5@y->z")])],
        "a has a cell x.h5@y->z, which the matrix has not.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_belong_together(what: str) -> None:
    """Runs of several versions, matrices or environments are no one table: an error says which they are."""
    outputs, said = REFUSED[what]
    with pytest.raises(UsageError) as caught:
        merge(outputs(), WANTED)
    assert str(caught.value).startswith(said)


def test_an_environment_that_was_not_needed(tmp_path: Path) -> None:
    """An environment that a run did not need, and did not make, is none of other packages."""
    for name, pins in {"a": "h5py==3.1\n", "b": ""}.items():
        write_results(output(name, records(PLAN)).results, tmp_path / name / "results.json")
        (tmp_path / name / "environments").mkdir()
        (tmp_path / name / "environments" / "tf1.txt").write_text(pins, encoding="utf-8")
    outputs = read_outputs([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert merge(outputs, WANTED).pins == {"tf1": "h5py==3.1\n"}


def test_machines_may_differ() -> None:
    """Environments of the same packages in another Python or image are merged as the last was, and it is said."""
    merged = merge([_of("a", python="3.11.7"), _of("b", python="3.11.9")], WANTED)
    assert merged.results.environments["tf1"].python == "3.11.9"
    assert merged.notes == ("tf1 does not have the same python in all folders: 3.11.7, 3.11.9.",)


def test_an_environment_that_was_made_somewhere() -> None:
    """An environment that one shard could not make is what another made of it."""
    for outputs in (
        [_of("a", status="error"), _of("b", python="3.11.9")],
        [_of("b", python="3.11.9"), _of("a", status="error")],
    ):
        assert merge(outputs, WANTED).results.environments["tf1"].python == "3.11.9"


def test_many_holes_fit_into_the_report(tmp_path: Path) -> None:
    """Thousands of missing cells are named as far as there is room, below the answer that counts them."""
    names = tuple(f"model.h5@{number:0>200}->b" for number in range(10_000))
    found = output("a", records(PLAN), missing=names).results
    text = to_markdown(found)
    assert len(text.encode()) <= 1_000_000
    assert "**10,000 cells of the plan are missing: no merged run has them.**" in text
    assert names[0] in text
    write_results(found, tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["run"]["missing"] == list(names)
