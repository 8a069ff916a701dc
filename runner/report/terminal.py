"""What a run prints when it has ended: the grid over all scenarios, the answer, and where the reports are."""

from collections.abc import Container, Sequence
from pathlib import Path

import pandas
from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from runner.report.grids import ages, broken, summary
from runner.report.text import clean
from runner.report.ways import told as told_ways
from runner.report.words import counted, flaky, headline, holes, mark, news, told
from runner.results import Results, to_frame
from runner.verdict import Upgrade, steps

_LEGEND = "Rows saved, columns loaded. ≠: some drift. Red: something fails that passes where it was saved."
_MOST_NAMES = 10
_STYLES = {"✓": "green", "○": "green", "✗": "red", "?": "magenta"}


def render(results: Results, folder: Path | None = None) -> RenderableType:
    """
    Return what to print of the results.

    Args:
        results: Those of a run.
        folder: Where the reports were written, if they were.
    """
    frame = to_frame(results.cells)
    upgrades = steps(results.answer.upgrades, results.environments)
    return Group(
        _Grid(summary(frame, ages(results)), broken(results.cells)),
        Text(_LEGEND, "dim"),
        Text(),
        _sentences(upgrades),
        Text(),
        Text(headline(upgrades), "bold"),
        Text(counted(results.answer.counts)),
        *([Text(doubt, "yellow")] if (doubt := flaky(results.cells)) else []),
        *_holes(results.run.missing),
        *([Text(known)] if (known := news(results.cells)) else []),
        *([Text(ways)] if (ways := told_ways(results.cells)) else []),
        *(
            [Text(f"Reports: {clean(folder / 'report.html')}, report.md, results.csv, results.json", overflow="fold")]
            if folder
            else []
        ),
    )


def _holes(missing: Sequence[str]) -> list[Text]:
    """Return what is missing: how many cells, and the names of the first."""
    if not missing:
        return []
    names = [f"  {clean(name)}" for name in missing[:_MOST_NAMES]]
    more = [f"  and {left:,} more, in report.md"] if (left := len(missing) - _MOST_NAMES) > 0 else []
    return [Text("\n".join([holes(missing), *names, *more]), "magenta")]


class _Grid:
    """A save x load grid, in as many tables below each other as the width of the console makes needed."""

    def __init__(self, grid: pandas.DataFrame, broken: Container[tuple[str, str]]) -> None:
        self._grid = grid
        self._broken = broken

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        loads = list(self._grid.columns)
        gap = int(self._width(loads, 1, console, options) <= options.max_width)
        while loads:
            taken = len(loads)
            while taken > 1 and self._width(loads[:taken], gap, console, options) > options.max_width:
                taken -= 1
            yield self._table(loads[:taken], gap)
            yield Text()
            loads = loads[taken:]

    def _width(self, loads: Sequence[str], gap: int, console: Console, options: ConsoleOptions) -> int:
        return Measurement.get(console, options.update(max_width=10_000), self._table(loads, gap)).maximum

    def _table(self, loads: Sequence[str], gap: int) -> Table:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, gap, 0, 0), show_edge=False)
        table.add_column("save ↓ load →", no_wrap=True)
        for load in loads:
            table.add_column(Text(_in_lines(load)), justify="right", vertical="bottom", no_wrap=True)
        for save, row in self._grid.iterrows():
            table.add_row(Text(clean(save)), *(self._tally(str(save), load, row[load]) for load in loads))
        return table

    def _tally(self, save: str, load: str, text: str) -> Text:
        bad = (save, load) in self._broken
        return Text(text, style="red" if bad else "green" if "/" in text else "dim")


def _in_lines(name: str) -> str:
    """Return a name in lines, for the head of a narrow column."""
    return clean(name).replace("-", "-\n")


def _sentences(upgrades: Sequence[Upgrade]) -> Table:
    """Return each upgrade in a sentence behind its mark."""
    lines = Table.grid(padding=(0, 1, 0, 0))
    for upgrade in upgrades:
        lines.add_row(Text(mark(upgrade)), Text(clean(told(upgrade))), style=_STYLES[mark(upgrade)])
    return lines
