"""results.csv as pandas reads it."""

import io
from dataclasses import fields, replace
from typing import Any

import pandas
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runner.record import Comparison, Raised, Record, Status, Warned
from runner.report.table import read_csv, to_csv
from runner.report.text import clean
from runner.results import to_frame
from tests.unit.synthetic import results, synthetic
from tests.unit.test_results import RECORD, records

SPREADSHEET = ("=", "+", "-", "@")


def written(*cells: Record) -> io.StringIO:
    """Return results.csv of these cells."""
    return io.StringIO(to_csv(results(cells, {})), newline="")


NAMES = ("scenario", "save", "load")


def as_promised(cells: list[Record] | tuple[Record, ...]) -> pandas.DataFrame:
    """Return the DataFrame of the cells, its names as plain text, its text on one line, the empty text missing."""
    frame = plain(to_frame(cells))
    for name in frame.columns[frame.dtypes == "string"]:
        frame[name] = frame[name].map(lambda text: clean(text) or None, na_action="ignore").astype("string")
    return frame


def plain(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Return a DataFrame of cells with the names of scenarios and environments as text; they were categories."""
    assert all(isinstance(frame[name].dtype, pandas.CategoricalDtype) for name in NAMES)
    return frame.astype(dict.fromkeys(NAMES, "string"))


@settings(deadline=None, max_examples=60)
@given(st.lists(records, max_size=4))
@example([replace(RECORD, comparison=Comparison(max_abs=float("inf"), max_rel=0.1 + 0.2, max_ulp=2**62 + 1))])
@example(
    [replace(RECORD, id=text, scenario=text) for text in ("nan", "None", "1.50", "True", "''=1", "'=1", "=1", "'a")]
)
def test_any_cells_come_back_with_their_types(cells: list[Record]) -> None:
    """What is written is read again: every column of its type, every number to the last bit, every text as a line."""
    pandas.testing.assert_frame_equal(plain(read_csv(written(*cells))), as_promised(cells))


def test_a_whole_run_comes_back() -> None:
    """The results of a matrix are read from the file as they were, the order of the environments included."""
    found = synthetic(broken=["tf2.8"])
    again = read_csv(io.StringIO(to_csv(found), newline=""))
    pandas.testing.assert_frame_equal(plain(again), as_promised(found.cells))
    assert list(again["load"].cat.categories)[:2] == ["tf2.8", "tf2.10"]


def test_pandas_alone_finds_the_types() -> None:
    """Pandas itself reads booleans, whole numbers with gaps, floats and text, when it is asked for nullable types."""
    frame = pandas.read_csv(io.StringIO(to_csv(synthetic()), newline=""), dtype_backend="numpy_nullable")
    wanted = {
        "boolean": ["expected"],
        "Int64": ["max_ulp", "decisions", "attempts", "peak_rss_mb"],
        "Float64": ["max_abs", "max_rel", "seconds"],
        "string": ["id", "status", "cause", "causes", "error", "first_layer", "reproduce"],
    }
    assert {kind: [name for name in names if frame[name].dtype == kind] for kind, names in wanted.items()} == wanted
    assert frame["max_ulp"].isna().any()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r@", "\n-", " +", "'=", "\x1b[0m="])
def test_no_text_is_a_formula(start: str) -> None:
    """What a spreadsheet would take for a formula is text, in whichever column and behind whatever it skips."""
    text = f'{start}HYPERLINK("http://x")'
    texts: dict[str, Any] = dict.fromkeys(("id", "scenario", "save", "load", "explanation", "root", "log"), text)
    cell = replace(
        RECORD,
        **texts,
        reproduce=text,
        exception=Raised(type=text, message=text),
        warnings=(Warned(kind=text, text=text),),
        comparison=Comparison(first_layer=text),
        status=Status.DRIFT,
    )
    (row,) = pandas.read_csv(written(cell), dtype=str, keep_default_na=False).to_dict("records")
    shown = [value for name, value in row.items() if "HYPERLINK" in value]
    assert len(shown) == 11
    assert not [value for value in shown if value.startswith(SPREADSHEET)]


def test_each_cell_is_one_line() -> None:
    """Programs that read lines rather than CSV find one cell in each."""
    cell = replace(RECORD, explanation='a\n"b"\r\n,c\x00\x0b\u2028d')
    assert len(written(cell).getvalue().splitlines()) == 2
    assert read_csv(written(cell))["explanation"][0] == 'a "b" ,c\ufffd d'


def test_every_number_of_a_comparison_is_a_column() -> None:
    """Nothing that was measured is missing from the file."""
    columns = pandas.read_csv(written()).columns
    assert {item.name for item in fields(Comparison)} <= set(columns)
