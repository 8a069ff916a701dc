"""
One frame of the live view: environments, a bar, the last cells that did not pass, in whatever room there is.

``console.print(Frame(progress, now))`` draws one, also into a file. No line is longer than the console, and no frame is
higher: what does not fit is counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from runner.progress import words
from runner.progress.state import ERROR, INSTALLED, READY, WAITING, Progress, State
from runner.record import Record
from runner.wording import printable

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_MARKS = {READY: ("✓", "green"), ERROR: ("✗", "red"), INSTALLED: ("·", "default"), WAITING: ("·", "dim")}
_STILL = (READY, INSTALLED, WAITING)
_LEAST = 8
_MOST_FAILED = 8
_GAP = "  "
_GAP_TEXT = Text(_GAP)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the live view; to be printed on a console."""

    progress: Progress
    now: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.size.height - 1
        bottom = [*self._cells(width), *self._outcomes(width)]
        room = height - len(bottom)
        top = list(self._environments(width, max(1, room - min(len(self.progress.failed), _MOST_FAILED) - 1)))
        failed = list(self._failed(width, room - len(top))) if height >= _LEAST else []
        yield from [*top, *bottom, *failed] if room > 0 else bottom[: max(1, height)]

    def _environments(self, width: int, most: int) -> Iterator[Text]:
        """Yield a line with their states, and lines with their names: those that are at work first to stay."""
        known = self.progress.environments
        if not known:
            return
        yield _line(f"environments: {words.environments(self.progress)}", width, "bold")
        busy = {name: state for name, state in known.items() if state.name not in _STILL}
        for shown in (known, busy):
            rows = _rows([self._chip(name, state) for name, state in shown.items()], width)
            if len(rows) < most:
                yield from map(_GAP_TEXT.join, rows)
                return
        kept = rows[: max(0, most - 2)]
        yield from map(_GAP_TEXT.join, kept)
        if most > 1:
            yield _line(f"and {len(busy) - sum(map(len, kept))} more at work", width, "dim")

    def _chip(self, name: str, state: State) -> Text:
        """Return an environment in short: its mark, its name, and what it is doing for how long."""
        spinner = _SPINNER[int(self.now * 4) % len(_SPINNER)]
        mark, style = _MARKS.get(state.name, (spinner, "cyan"))
        doing = (
            ""
            if state.name in _STILL
            else f" {state.name}"
            if state.name == ERROR
            else f" {state.name} {self._since(state)}"
        )
        return Text(f"{mark} {printable(name)}{printable(doing)}", style)

    def _since(self, state: State) -> str:
        return words.clock(max(0.0, self.now - state.since))

    def _cells(self, width: int) -> Iterator[Table | Text]:
        """Yield the bar, and beside it how many cells are judged, how fast, and how long it will take."""
        elapsed = words.clock(self.now - self.progress.started)
        if not self.progress.cells:
            yield _line(f"{elapsed} so far", width)
            return
        parts = [words.share(self.progress), *words.pace(self.progress, self.now), f"{elapsed} so far"]
        while len(text := ", ".join(parts)) > width and len(parts) > 1:
            parts.pop()
        bar = width - len(text) - 1
        if bar < _LEAST:
            yield _line(text, width)
            return
        row = Table.grid(padding=(0, 1, 0, 0))
        row.add_column(width=bar)
        row.add_column(no_wrap=True)
        row.add_row(ProgressBar(total=self.progress.cells, completed=self.progress.done, width=bar), Text(text))
        yield row

    def _outcomes(self, width: int) -> Iterator[Text]:
        if self.progress.done:
            yield _line(words.outcomes(self.progress), width)

    def _failed(self, width: int, room: int) -> Iterator[Text]:
        """Yield the last cells that did not pass, the newest last, below a heading."""
        last = self.progress.failed[-min(room - 1, _MOST_FAILED) :] if room > 1 else ()
        if last:
            yield _line("not passing, the last of them:", width, "dim")
        for record in last:
            yield _failure(record, width)


def _failure(record: Record, width: int) -> Text:
    """Return a cell in a line: what is cut first is the cause, and the id only where it is longer than the line."""
    status = f"{record.status:<9}"
    ident, cause = printable(record.id), f"{_GAP}{record.cause or ''}"
    text = Text().append(status, words.STYLES.get(record.status, "red")).append(ident).append(cause, "dim")
    text.truncate(width, overflow="ellipsis")
    return text


def _rows(chips: Sequence[Text], width: int) -> list[list[Text]]:
    """Return short texts in as few lines as they fit in."""
    rows: list[list[Text]] = []
    taken = width
    for chip in chips:
        chip.truncate(width, overflow="ellipsis")
        taken += len(_GAP) + chip.cell_len
        if taken > width:
            rows.append([])
            taken = chip.cell_len
        rows[-1].append(chip)
    return rows


def _line(text: str, width: int, style: str = "") -> Text:
    line = Text(text, style)
    line.truncate(width, overflow="ellipsis")
    return line
