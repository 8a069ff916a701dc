"""
What GitHub Actions shows of a run: annotations for the cells that are not as expected, and the report as a summary.

Source:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from runner.fingerprint import first_line
from runner.record import Record, Status
from runner.report.fitting import LIMIT
from runner.report.markdown import to_markdown
from runner.report.text import clean, shortened
from runner.report.unsteady import said
from runner.report.words import flaky, number, unsteady
from runner.results import Results

MOST = 10
"""Annotations of a kind that GitHub shows for a step."""

_FEW = MOST - 2
_LEAST = 5_000
_SUMMARY = 1024 * 1024
_WIDTH = 400


def annotations(cells: Iterable[Record]) -> list[str]:
    """
    Return the commands that make annotations: at most `MOST` errors and as many notices.

    There is a notice that says how many more errors there are, and one for each flaky cell as far as there is room.

    The first cell of every cause comes before the second of any, the most frequent cause first.
    """
    cells = tuple(cells)
    unexpected = [cell for cell in cells if not cell.expected or cell.status is Status.ERROR]
    shown = _of_every_cause(unexpected)[:MOST]
    found = [_command("error", cell.id, _message(cell)) for cell in shown]
    if left := len(unexpected) - len(shown):
        text = f"And {number(left, 'more cell')} not as expected: see the summary of the run, and its reports."
        found.append(_command("notice", "crossload", text))
    return [*found, *_doubts(cells)]


def _doubts(cells: Sequence[Record]) -> list[str]:
    """Return notices for the first of the cells that did not come out alike each time."""
    found = unsteady(cells)
    notices = [_command("notice", cell.id, said(cell)) for cell in found[:_FEW]]
    left = len(found) - len(notices)
    return [*notices, *([_command("notice", "crossload", flaky(found))] if left else [])]


def append_summary(results: Results, path: Path) -> None:
    """
    Append the report to the summary of a step, as far as there is room in it: GitHub shows nothing of one too large.

    Raises:
        OSError: If it cannot be written.
    """
    taken = path.stat().st_size if path.exists() else 0
    room = min(LIMIT, _SUMMARY - taken - 1)
    if room < _LEAST:
        return
    text = to_markdown(results, limit=room)
    with path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as summary:
        summary.write(f"{text}\n")


def is_here(variables: Mapping[str, str]) -> bool:
    """Tell whether GitHub Actions reads what is printed."""
    return variables.get("GITHUB_ACTIONS") == "true"


def _of_every_cause(cells: Sequence[Record]) -> list[Record]:
    """Return the cells, the first of every cause first."""
    causes = [cell.cause or cell.status for cell in cells]
    frequency, seen, turns = Counter(causes), Counter[str](), []
    for cause, cell in zip(causes, cells, strict=True):
        turns.append((seen[cause], -frequency[cause], cell))
        seen[cause] += 1
    return [cell for *_, cell in sorted(turns, key=lambda turn: turn[:2])]


def _message(cell: Record) -> str:
    if cell.status is Status.PASS:
        return "It passes, which was not expected."
    error = first_line(cell.exception) if cell.exception else ""
    said = " ".join(filter(None, [clean(cell.explanation[:_WIDTH]), clean(error[:_WIDTH])]))
    return f"{cell.status}{f', {cell.cause}' if cell.cause else ''}{f': {said}' if said else ''}"


def _command(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={_property(shortened(clean(title), _WIDTH))}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
