"""The known failures: every cell that is to show one exists, and the table has a row for each."""

from dataclasses import replace

from runner.model import Format
from runner.record import Cause, Record, Status
from tools.known_failures import ENTRIES, TABLE, Entry, Wanted, chosen, counted, is_reproduced, read_entries, table

FAILED = Wanted(cell="dense.h5@old->new", status=Status.FAIL, cause=Cause.CONFIG_KEYWORD)
PASSED = Wanted(cell="dense.h5@old->old", status=Status.PASS)


def record(wanted: Wanted) -> Record:
    """Return the record of a cell that came out as expected."""
    scenario, save, load = "dense", *wanted.cell.partition("@")[2].split("->")
    return Record(
        id=wanted.cell,
        scenario=scenario,
        format=Format.H5,
        save=save,
        load=load,
        status=wanted.status,
        cause=wanted.cause,
    )


RECORDS = {wanted.cell: record(wanted) for wanted in (FAILED, PASSED)}
ENTRY = Entry(id="one", title="Some *failure*", cells=(FAILED, PASSED), note="A `note`.")


def test_every_cell_is_one_of_the_matrix() -> None:
    """The plan of the known failures holds the cells that the entries name, and no other."""
    entries = read_entries(ENTRIES)
    wanted = chosen(entries)
    assert {cell.id for cell in wanted.cells} == {cell.cell for entry in entries for cell in entry.cells}
    assert sum(map(len, wanted.saves.values())) == len(wanted.cells)


def test_the_table_has_a_row_for_every_entry() -> None:
    """docs/known_failures.md speaks of each entry once, in their order."""
    names = [line.split("**")[1] for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| **")]
    assert names == [entry.id for entry in read_entries(ENTRIES)]


def test_reproduced_is_what_came_out_as_expected() -> None:
    """An entry is reproduced if each of its cells has the status and the cause that were expected."""
    other = {**RECORDS, FAILED.cell: replace(RECORDS[FAILED.cell], cause=Cause.CLASS_MOVED)}
    assert is_reproduced(ENTRY, RECORDS)
    assert not is_reproduced(ENTRY, other)
    assert not is_reproduced(replace(ENTRY, cells=()), RECORDS)
    untried = replace(ENTRY, cells=())
    assert counted((ENTRY, untried), RECORDS).startswith("Of 2 known failures 1 were reproduced, 0 were not, 1 not")


def test_rows() -> None:
    """A row says what was seen, and what was expected where that is something else."""
    other = {**RECORDS, FAILED.cell: replace(RECORDS[FAILED.cell], status=Status.PASS, cause=None)}
    *_, first, second = table((ENTRY,), RECORDS)
    assert first == (
        "| **one**: Some \\*failure\\*<br>A `note`. | reproduced | `dense.h5@old->new` | `fail`, `config-keyword`. |"
    )
    assert second == "|  |  | `dense.h5@old->old` | `pass`. |"
    *_, first, second = table((ENTRY,), other)
    assert "| not reproduced |" in first
    assert "`pass` (expected: `fail`, `config-keyword`)." in first
