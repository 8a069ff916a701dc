"""What is written can be read, whatever is in it; what cannot be read is refused in a sentence."""

import json
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import OutputError, UsageError
from runner.model import Format
from runner.record import Cause, Comparison, Phase, Raised, Record, Status, Tried, Warned
from runner.results import Journal, read_journal, read_results, results_schema, to_frame, write_results
from tests.unit.synthetic import results, synthetic

RECORD = Record(id="dense.h5@a->b", scenario="dense", format=Format.H5, save="a", load="b", status=Status.PASS)
NEWER_RUN = b'{"started": "", "seconds": 1.0, "runner": "9", "matrix": "", "mood": "x"}'
SMALL = synthetic(environments=["tf2.8", "tf2.15", "tf2.18"], scenarios=["gru", "depthwise"], broken=["tf2.8"])

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
number = st.none() | st.floats(allow_nan=False, allow_infinity=False)
plain_json = st.recursive(st.none() | st.booleans() | st.integers() | text, lambda inner: st.lists(inner, max_size=3))
tried = st.builds(
    Tried,
    id=text,
    status=st.sampled_from(Status),
    loses=st.lists(text, max_size=2).map(tuple),
    how=text,
    comparison=st.none() | st.builds(Comparison, max_abs=number),
    cause=st.none() | st.sampled_from(Cause),
    changes=st.lists(text, max_size=2).map(tuple),
)
records = st.builds(
    Record,
    id=text,
    scenario=text,
    format=st.sampled_from(Format),
    save=text,
    load=text,
    status=st.sampled_from(Status),
    phase=st.none() | st.sampled_from(Phase),
    cause=st.none() | st.sampled_from(Cause),
    explanation=text,
    sources=st.lists(text, max_size=2).map(tuple),
    exception=st.none() | st.builds(Raised, type=text, message=text, traceback=text),
    comparison=st.none()
    | st.builds(
        Comparison, max_abs=number, max_rel=number, max_ulp=st.none() | st.integers(), first_layer=st.none() | text
    ),
    causes=st.lists(st.sampled_from(Cause), max_size=2).map(tuple),
    root=st.none() | text,
    with_itself=st.none() | st.sampled_from(Status),
    warnings=st.lists(st.builds(Warned, kind=text, text=text), max_size=2).map(tuple),
    remedies=st.lists(tried, max_size=2).map(tuple),
    expected=st.booleans(),
    accepted=st.none() | text,
    attempts=st.integers(),
    seconds=st.floats(allow_nan=False, allow_infinity=False),
    peak_rss_mb=st.none() | st.integers(),
    log=st.none() | text,
    reproduce=text,
)


def journal(path: Path, *cells: Record) -> Path:
    """Write cells into a journal."""
    with Journal(path) as lines:
        for cell in cells:
            lines.append(cell)
    return path


@given(st.lists(records, max_size=3, unique_by=lambda record: record.id))
def test_any_record_survives_both_files(cells: list[Record]) -> None:
    """A record is read from the journal and from results.json as it was written."""
    with TemporaryDirectory() as folder:
        assert list(read_journal(journal(Path(folder, "results.jsonl"), *cells)).values()) == cells
        write_results(results(tuple(cells), {}), Path(folder, "results.json"))
        assert read_results(Path(folder)).cells == tuple(cells)


@given(st.text(st.characters()), st.floats())
def test_what_is_written_is_valid_utf8_and_json(message: str, difference: float) -> None:
    """Lone surrogates become escapes as text, numbers that are not finite null: other programs can read the file."""
    comparison = Comparison(max_abs=difference)
    cell = replace(RECORD, exception=Raised(type="ValueError", message=message), comparison=comparison)
    with TemporaryDirectory() as folder:
        path = Path(folder, "results.json")
        write_results(results((cell,), {}), path)
        (stored,) = json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)["cells"]
        (found,) = read_results(path).cells
    assert stored["exception"]["message"] == message.encode("utf-8", "backslashreplace").decode()
    assert found.comparison is not None
    assert found.comparison.max_abs == (difference if abs(difference) < float("inf") else None)


def test_results_survive(tmp_path: Path) -> None:
    """What a run found is read as it was written, the run, the environments and the answer included."""
    write_results(SMALL, tmp_path / "new" / "results.json")
    assert read_results(tmp_path / "new" / "results.json") == SMALL
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["results.json"]


def test_results_follow_their_schema(tmp_path: Path) -> None:
    """results.json is valid under the JSON Schema that `schema --results` prints."""
    write_results(SMALL, tmp_path / "results.json")
    jsonschema.Draft202012Validator.check_schema(results_schema())
    jsonschema.validate(json.loads((tmp_path / "results.json").read_text()), results_schema())


@pytest.mark.parametrize("change", [{"schema": 2}, {"answer": None}, {"extra": 1}, {"cells": [{"id": "x"}]}])
def test_the_schema_refuses_what_the_program_refuses(change: dict[str, Any], tmp_path: Path) -> None:
    """The JSON Schema is as strict as the reader."""
    write_results(SMALL, tmp_path / "results.json")
    changed = {**json.loads((tmp_path / "results.json").read_text()), **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, results_schema())


def test_results_cells_have_the_names_of_the_contract(tmp_path: Path) -> None:
    """Other programs find what the documentation promises, under its names."""
    write_results(SMALL, tmp_path / "results.json")
    stored = json.loads((tmp_path / "results.json").read_text())
    assert list(stored) == ["schema", "run", "environments", "cells", "answer"]
    assert stored["schema"] == 1
    promised = (
        "id scenario format save load status phase cause explanation sources exception comparison causes with_itself"
        " warnings remedies blame expected accepted attempts seconds peak_rss_mb log reproduce"
    )
    assert set(promised.split()) <= set(stored["cells"][0])
    assert {"save", "load", "safe", "causes"} <= set(stored["answer"]["upgrades"][0])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b'{"schema": 1, "cells": [{"id": "den', "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"null", "not the results of a run"),
        (b'["schema", "cells"]', "not the results of a run"),
        (b'{"name": "package.json"}', "not the results of a run"),
        (b'{"schema": "one", "cells": []}', "not the results of a run"),
        (b'{"schema": 2, "cells": [], "new": true}', "was written by a newer crossload (schema 2; this one reads 1)"),
        (b'{"schema": 1, "cells": []}', "is damaged: run: Field required (and 2 more)"),
        (b'{"schema": 1, "cells": [{"status": "fine"}]}', "is damaged"),
        (
            b'{"schema": 1, "cells": 1, "run": %s}' % NEWER_RUN.replace(b"mood", b"\\u001b[31m"),
            r"damaged: run.\x1b[31m: ",
        ),
        (
            b'{"schema": 1, "cells": [], "environments": {}, "answer": {"tone": 1}, "run": %s}' % NEWER_RUN,
            "holds what crossload 0.1.0 does not know ('mood, tone'): upgrade crossload.",
        ),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    """A file that is not a whole results.json of this version is an error of usage that says which and why."""
    path = tmp_path / "old.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_results(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_line_without_end_takes_no_memory(tmp_path: Path) -> None:
    """A journal that a crash has filled with zeros is read piece by piece, and what stands behind them is found."""
    path = journal(tmp_path / "results.jsonl", RECORD)
    with path.open("ab") as file:
        file.truncate(2**28)
    journal(path, replace(RECORD, id="another"))
    tracemalloc.start()
    try:
        assert list(read_journal(path)) == [RECORD.id, "another"]
        assert tracemalloc.get_traced_memory()[1] < 2**27
    finally:
        tracemalloc.stop()


def test_a_cell_is_stored_once(tmp_path: Path) -> None:
    """A file in which two cells have one id is damaged."""
    write_results(results((RECORD, RECORD), {}), tmp_path / "results.json")
    with pytest.raises(UsageError, match=r"'dense\.h5@a->b' more than once"):
        read_results(tmp_path / "results.json")


def test_missing_results_are_refused(tmp_path: Path) -> None:
    """Where there is no results.json, one is told what writes it."""
    with pytest.raises(UsageError, match="nox -s matrix"):
        read_results(tmp_path)


@pytest.mark.parametrize("write", [lambda path: write_results(SMALL, path), Journal])
def test_a_folder_that_cannot_be_written_is_an_output_error(write: Any, tmp_path: Path) -> None:
    """Where the output folder cannot be, the error says which file could not be written."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file.results\.json"):
        write(tmp_path / "file" / "results.json")


def test_a_failed_write_leaves_nothing_half_written(tmp_path: Path) -> None:
    """Results are put in their place whole, or what was there stays and nothing is beside it."""
    (tmp_path / "results.json").mkdir()
    with pytest.raises(OutputError):
        write_results(SMALL, tmp_path / "results.json")
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_the_journal_of_an_interrupted_run_is_read(tmp_path: Path) -> None:
    """Of a journal that ends in half a line, all the whole lines are read, and the next run spoils none."""
    path = journal(tmp_path / "results.jsonl", RECORD, replace(RECORD, id="second"))
    path.write_bytes(path.read_bytes()[:-40])
    assert list(read_journal(path)) == [RECORD.id]
    journal(path, replace(RECORD, id="third"))
    assert list(read_journal(path)) == [RECORD.id, "third"]


def test_the_last_line_of_a_cell_wins(tmp_path: Path) -> None:
    """A cell that was run again is what it was the last time."""
    again = replace(RECORD, status=Status.DRIFT)
    assert read_journal(journal(tmp_path / "results.jsonl", RECORD, again)) == {RECORD.id: again}


@pytest.mark.parametrize(
    "line", [b"\n", b"{}\n", b"null\n", b"\x00\xff\n", b'{"id": "x", "status": "pass"}\n', b"[" * 9999]
)
def test_lines_that_cannot_be_read_are_as_if_they_were_not_there(line: bytes, tmp_path: Path) -> None:
    """Damage to one line of the journal costs that line."""
    path = journal(tmp_path / "results.jsonl", RECORD)
    path.write_bytes(line + b"\n" + path.read_bytes() + line)
    assert list(read_journal(path)) == [RECORD.id]


def test_there_need_not_be_a_journal(tmp_path: Path) -> None:
    """Where no run was before, none is resumed."""
    assert read_journal(tmp_path / "results.jsonl") == {}


def test_a_cell_is_in_the_journal_at_once(tmp_path: Path) -> None:
    """Others can read a finished cell while the run goes on."""
    with Journal(tmp_path / "results.jsonl") as lines:
        lines.append(RECORD)
        assert read_journal(tmp_path / "results.jsonl") == {RECORD.id: RECORD}


def test_threads_share_a_journal(tmp_path: Path) -> None:
    """Cells that finish at once are each written whole."""
    with Journal(tmp_path / "results.jsonl") as lines, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda place: lines.append(replace(RECORD, id=str(place))), range(200)))
    assert set(read_journal(tmp_path / "results.jsonl")) == {str(place) for place in range(200)}


def test_the_frame_has_one_typed_row_for_each_cell() -> None:
    """Words are categories that know all their values, numbers keep their type, and what a cell lacks is missing."""
    frame = to_frame(SMALL.cells)
    assert list(frame["id"]) == [cell.id for cell in SMALL.cells]
    assert list(frame["status"].cat.categories) == [status.value for status in Status]
    assert list(frame["save"].cat.categories) == ["tf2.8", "tf2.15", "tf2.18"]
    assert [str(frame[name].dtype) for name in ("max_abs", "max_ulp", "expected")] == ["Float64", "Int64", "bool"]
    assert frame["max_abs"].isna().sum() == sum(cell.comparison is None for cell in SMALL.cells)


def test_the_frame_tells_what_happened_in_words() -> None:
    """What a cell holds several of stands in one column, and an exception as its first line."""
    cell = replace(
        RECORD,
        exception=Raised(type="ValueError", message="bad\nworse"),
        causes=(Cause.CLASS_MOVED, Cause.OP_MISSING),
        warnings=(Warned(kind="lost", text="a"), Warned(kind="lost", text="b")),
        remedies=(Tried(id="rename-suffix", status=Status.FAIL), Tried(id="compile-false", status=Status.PASS)),
        comparison=Comparison(max_ulp=2**70),
    )
    (row,) = to_frame([cell]).to_dict("records")
    assert (row["error"], row["causes"]) == ("ValueError: bad", "class-moved op-missing")
    assert (row["warnings"], row["remedies"], row["max_ulp"]) == ("lost", "compile-false", 2**63 - 1)


def test_a_frame_of_no_cells_has_its_columns() -> None:
    """Reports need no special case for a run without cells."""
    frame = to_frame([])
    pandas.testing.assert_index_equal(frame.columns, to_frame([RECORD]).columns)
    assert len(frame) == 0


def test_reading_results_does_not_import_pandas() -> None:
    """The worker side of a run does not pay for the reports."""
    check = "import sys, runner.results; sys.exit('pandas' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)
