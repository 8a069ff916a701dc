"""What the program has written and reads again, whoever has changed it meanwhile: the journal and the results."""

import io
import zlib
from datetime import date
from pathlib import Path

from rich.console import Console

from runner.baseline import Baseline, Row, judge
from runner.difference import difference
from runner.errors import RunnerError
from runner.model import Matrix
from runner.record import Status
from runner.report import REPORTS, terminal, write_reports
from runner.report import difference as compared
from runner.results import Results, read_journal, read_results
from runner.shards.folders import read_outputs, write_rest
from runner.shards.merging import merge
from runner.shards.times import read_times
from runner.writing import to_json
from tests import fakes
from tests.fuzz.mutations import journal, json_document
from tests.fuzz.target import ROOT, Target, check_sentence, check_text
from tests.unit.synthetic import synthetic

_SOME = synthetic(environments=["tf2.8", "tf2.18"], scenarios=["custom_activation", "gru"], broken=["tf2.8"])
_FEW = synthetic(environments=["tf2.8", "tf2.15"], scenarios=["weights_only", "lambda"])
_BASELINE = Baseline(rows=(Row(cells=("*.h5@*",), status=Status.FAIL, reason="known"),))
_TODAY = date(2026, 11, 28)


def _matrix(results: Results, folder: Path) -> Matrix:
    """Return the matrix that the results say they are of."""
    scenarios = [fakes.scenario(folder, name, formats=("h5",)) for name in ("gru", "lambda")]  # type: ignore[arg-type]
    made = fakes.matrix([fakes.environment(name) for name in ("tf2.8", "tf2.15")], scenarios)
    return Matrix(path=made.path, digest=results.run.matrix, environments=made.environments, scenarios=made.scenarios)


def read_journal_file(data: bytes, folder: Path) -> None:
    """Read a journal: no line of it stops a run."""
    path = folder / "results.jsonl"
    path.write_bytes(data)
    for record in read_journal(path).values():
        check_text(to_json(record))


def read_results_file(data: bytes, folder: Path) -> None:
    """Read results, and do with them what the verbs do: report, compare, merge, hold against a baseline."""
    path = folder / "results.json"
    path.write_bytes(data)
    try:
        results = read_results(path)
        read_times(path)
    except RunnerError as error:
        check_sentence(error)
        return
    _compare(results)
    _report(results, folder, zlib.crc32(data))
    _merge(results, folder)


def _compare(results: Results) -> None:
    found = [difference(results, _FEW), difference(_FEW, results), difference(results, results)]
    for each in found:
        check_text(compared.to_json(each) + compared.to_markdown(each) + _shown(compared.render(each)))
    judge(results.cells, _BASELINE, _TODAY)


def _report(results: Results, folder: Path, chance: int) -> None:
    """Write one report of any results, and all of them, the pictures too, of some."""
    check_text(_shown(terminal.render(results, folder)))
    names = list(REPORTS)
    check_text(REPORTS[names[chance % len(names)]](results))
    if chance % 40 == 0:
        write_reports(results, folder / "reports")


def _shown(what: object) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(what)
    text = console.file.getvalue()  # type: ignore[attr-defined]  # it is the one above
    return str(text)


def _merge(results: Results, folder: Path) -> None:
    target = folder / "merged"
    (folder / "logs").mkdir(exist_ok=True)
    try:
        write_rest(merge(read_outputs([folder], target), _matrix(results, folder / "s")), target)
    except RunnerError as error:
        check_sentence(error)


def _results() -> tuple[bytes, ...]:
    old = (ROOT / "tests/unit/stored/results-a14538e.json").read_bytes()
    return (*(to_json(each, indent=2).encode() for each in (_SOME, _FEW)), old)


def _journals() -> tuple[bytes, ...]:
    lines = [to_json(cell) for cell in (*_SOME.cells[:4], *_FEW.cells[:2])]
    return ("\n".join(lines).encode() + b"\n", lines[0].encode(), b"")


TARGETS = (
    Target(name="results.jsonl", read=read_journal_file, seeds=_journals, mutate=journal, inputs=3000),
    Target(name="results.json", read=read_results_file, seeds=_results, mutate=json_document, inputs=300),
)
