"""
report.png: the same picture in pixels, where matplotlib is installed: ``pip install crossload[png]``.

Text is shown as it is: matplotlib's own language of formulas is switched off.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from runner.report.grades import GRADES, INK, NOTHING, UNKNOWN, Grade
from runner.report.picture import LONGEST, Map, heat_map, name_in_lines
from runner.report.text import clean, shortened
from runner.results import Results

_DOTS = 144
_LEFT = 2.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text, where it stands in the grid, and how it looks."""

    x: float
    y: float
    text: str
    look: Mapping[str, Any]


def is_there() -> bool:
    """Tell whether report.png can be made."""
    try:
        return find_spec("matplotlib") is not None
    except ValueError:  # it is switched off
        return False


def to_png(results: Results) -> bytes:
    """Return report.png."""
    from matplotlib.figure import Figure

    shown = heat_map(results)
    columns, rows = max(6, len(shown.loads)), max(1, len(shown.saves))
    figure = Figure(figsize=(0.95 * (columns + _LEFT), 0.4 * (rows + 3.3)), dpi=_DOTS)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-_LEFT, columns + 0.1), ylim=(rows + 1.1, -2.1))
    axes.set_axis_off()
    for text in (*_around(shown, rows), *_names(shown), *_pairs(shown)):
        axes.text(text.x, text.y, text.text, parse_math=False, **text.look)
    for (row, column), (_, graded) in _placed(shown).items():
        axes.fill_between([column + 0.03, column + 0.97], row + 0.05, row + 0.95, color=graded.light, linewidth=0)
    written = io.BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _around(shown: Map, rows: int) -> Iterator[Text]:
    yield Text(x=0.1 - _LEFT, y=-1.6, text=shown.title, look={"fontsize": 11, "fontweight": "bold"})
    yield Text(x=0.1 - _LEFT, y=-0.15, text="saved ↓ loaded →", look={"fontsize": 8})
    yield Text(x=0.1 - _LEFT, y=rows + 0.4, text=_legend(shown), look={"fontsize": 8})
    yield Text(x=0.1 - _LEFT, y=rows + 0.85, text=shown.said, look={"fontsize": 8})


def _legend(shown: Map) -> str:
    there = {graded.name for _, graded in shown.tallies.values()}
    return " · ".join(f"{each.letter}: {each.meaning}" for each in (*GRADES, UNKNOWN, NOTHING) if each.name in there)


def _names(shown: Map) -> Iterator[Text]:
    for column, name in enumerate(shown.loads):
        look = {"fontsize": 8, "ha": "center", "va": "bottom"}
        yield Text(x=column + 0.5, y=-0.05, text="\n".join(name_in_lines(name)), look=look)
    for row, name in enumerate(shown.saves):
        yield Text(
            x=0.1 - _LEFT, y=row + 0.5, text=shortened(clean(name), LONGEST), look={"fontsize": 9, "va": "center"}
        )


def _pairs(shown: Map) -> Iterator[Text]:
    look = {"fontsize": 9, "va": "center", "color": INK["light"]}
    for (row, column), (text, graded) in _placed(shown).items():
        yield Text(x=column + 0.1, y=row + 0.5, text=graded.letter, look={**look, "fontweight": "bold"})
        yield Text(x=column + 0.92, y=row + 0.5, text=text, look={**look, "ha": "right"})


def _placed(shown: Map) -> dict[tuple[int, int], tuple[str, Grade]]:
    """Return the tallies by row and column."""
    return {
        (row, column): shown.tallies[save, load]
        for row, save in enumerate(shown.saves)
        for column, load in enumerate(shown.loads)
        if (save, load) in shown.tallies
    }
