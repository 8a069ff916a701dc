"""
junit.xml: one test case for each cell, in one suite for each pair of environments, as GitLab and Jenkins read them.

It is red exactly where a run with ``--fail-on unexpected`` does not end with 0. What is known is skipped, with its
reason. Written with the standard library: the format is a handful of elements, and the writers of it that exist let
through the characters that XML cannot hold.

Source:
    https://docs.gitlab.com/ci/testing/unit_test_reports/, https://plugins.jenkins.io/junit/
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from xml.etree import ElementTree as ET

from runner.record import Record, Status
from runner.report.failures import grouped
from runner.report.text import clean, printable_lines, shortened
from runner.report.unsteady import said as said_of_tries
from runner.results import Results
from runner.verdict import GOOD, way_out

CASE_LIMIT = 8_000
"""Characters of text in a test case."""

FILE_LIMIT = 6_000_000
"""Characters of text in all of them, each of which takes up to five bytes: GitLab reads files of up to 30 MB."""

_LINE = 500
_LEAST = 200


class Outcome(StrEnum):
    """What a test case says: the name of the element in it; a case that passes has none."""

    PASSED = "passed"
    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


def outcome(cell: Record) -> Outcome:
    """Return how a cell counts: what is not as expected fails, a pass included that was to fail."""
    if cell.status is Status.ERROR:
        return Outcome.ERROR
    if not cell.expected:
        return Outcome.FAILURE
    return Outcome.PASSED if cell.status is Status.PASS else Outcome.SKIPPED


def to_junit(results: Results) -> str:
    """Return junit.xml; whatever is in the results, it is well-formed XML 1.0."""
    root = ET.Element("testsuites", {"name": "crossload", **_totals(results.cells)})
    width = _width(results.cells)
    for (save, load), cells in grouped(results.cells, lambda cell: (cell.save, cell.load)).items():
        skipped = sum(outcome(cell) is Outcome.SKIPPED for cell in cells)
        attributes = {"name": clean(f"{save} -> {load}"), **_totals(cells), "skipped": str(skipped)}
        suite = ET.SubElement(root, "testsuite", {**attributes, "timestamp": clean(results.run.started)})
        suite.extend(_case(cell, width) for cell in cells)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _totals(cells: Sequence[Record]) -> dict[str, str]:
    counts = Counter(map(outcome, cells))
    return {
        "tests": str(len(cells)),
        "failures": str(counts[Outcome.FAILURE]),
        "errors": str(counts[Outcome.ERROR]),
        "time": _seconds(sum(cell.seconds for cell in cells)),
    }


def _width(cells: Iterable[Record]) -> int:
    """Return how many characters of text each case may have, so that all of them fit the file."""
    wordy = sum(outcome(cell) is not Outcome.PASSED or bool(cell.tries) for cell in cells)
    return max(_LEAST, min(CASE_LIMIT, FILE_LIMIT // max(1, wordy)))


def _case(cell: Record, width: int) -> ET.Element:
    name = {"classname": clean(f"{cell.scenario}.{cell.format}"), "name": clean(cell.id)}
    case = ET.Element("testcase", {**name, "time": _seconds(cell.seconds)})
    came = outcome(cell)
    if came is not Outcome.PASSED:
        message = shortened(_message(cell), min(width // 2, _LINE))
        element = ET.SubElement(case, came, {"type": str(cell.cause or cell.status), "message": message})
        if came is not Outcome.SKIPPED:
            element.text = _body(cell, width - len(message))
    if cell.tries:
        ET.SubElement(case, "system-out").text = printable_lines(said_of_tries(cell)[: width // 2])
    return case


def _message(cell: Record) -> str:
    """Return in a line why the case is no plain pass."""
    if cell.status is Status.PASS:
        return "It passes, which was not expected."
    raised = f"{cell.exception.type}: {cell.exception.message[:_LINE]}" if cell.exception else ""
    said = clean(cell.explanation[:_LINE]) or clean(raised[:_LINE]) or f"It came out as {cell.status}."
    known = outcome(cell) is Outcome.SKIPPED and cell.status not in GOOD
    return f"known: {cell.status}: {clean((cell.accepted or '')[:_LINE]) or said}" if known else said


def _body(cell: Record, width: int) -> str:
    """Return what there is to know about a cell, in paragraphs; what the exception said is last, as it is longest."""
    raised, way = cell.exception, way_out(cell)
    parts = (
        f"{cell.status}{f' at {cell.phase}' if cell.phase else ''}: {cell.cause or 'no cause'}",
        cell.explanation,
        f"Way out: {way.id}; loses {', '.join(way.loses) or 'nothing'}\n{way.how}" if way else "",
        f"Reproduce: {cell.reproduce}" if cell.reproduce else "",
        f"Log: {cell.log}" if cell.log else "",
    )
    said = [shortened(printable_lines(part[:width]), width // (len(parts) + 1)) for part in parts if part.strip()]
    error = printable_lines(f"{raised.type}: {raised.message[:width]}"[:width]) if raised else ""
    return shortened("\n\n".join(filter(None, [*said, error])), width)


def _seconds(seconds: float) -> str:
    return f"{max(0.0, min(seconds, 1e9)):.3f}"
