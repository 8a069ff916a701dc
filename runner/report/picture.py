"""
report.svg: the heat map as a picture, for READMEs and slides, written by hand and without any dependency.

It says what the heat map of report.html says: rows saved, columns loaded, a letter and a colour for the share that
passes. Where it is shown on dark, it is dark.

Source:
    https://www.w3.org/TR/SVG2/access.html, https://drafts.csswg.org/mediaqueries-5/#prefers-color-scheme
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from runner.report.grades import GRADES, INK, NOTHING, UNKNOWN, Grade, grade
from runner.report.grids import ages, summary, tallies
from runner.report.text import clean, shortened
from runner.report.words import counted, headline
from runner.results import Results, to_frame
from runner.verdict import steps

_WIDTH, _HEIGHT, _GAP = 92, 30, 3
_LETTER = 7.4
LONGEST = 28
"""Characters of a name that a picture shows."""
_TOP = 34
_EVERY = (*GRADES, UNKNOWN, NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """
    What every picture of the heat map shows.

    Attributes:
        saves: Names of the rows.
        loads: Names of the columns.
        tallies: Text and grade of each pair that has cells.
    """

    title: str
    said: str
    saves: tuple[str, ...]
    loads: tuple[str, ...]
    tallies: dict[tuple[str, str], tuple[str, Grade]]


def heat_map(results: Results) -> Map:
    """Return the heat map, its text cleaned."""
    frame = to_frame(results.cells)
    grid, counts = summary(frame, ages(results)), tallies(frame)
    rows = zip(counts.index, counts.to_dict("records"), strict=True)
    graded = {(save, load): (str(grid.loc[save, load]), grade(_numbers(row))) for (save, load), row in rows}
    return Map(
        title=headline(steps(results.answer.upgrades, results.environments)),
        said=counted(results.answer.counts),
        saves=tuple(map(str, grid.index)),
        loads=tuple(map(str, grid.columns)),
        tallies=graded,
    )


def _numbers(row: Mapping[Hashable, int]) -> dict[str, int]:
    return {str(status): int(count) for status, count in row.items()}


def name_in_lines(name: str) -> list[str]:
    """Return a name in the lines of a narrow column's head."""
    head, *rest = shortened(clean(name), LONGEST).split("-")
    return [f"{head}-", *(f"{part}-" for part in rest[:-1]), rest[-1]] if rest else [head]


def to_svg(results: Results) -> str:
    """Return report.svg."""
    shown = heat_map(results)
    heads = [name_in_lines(name) for name in shown.loads]
    left = max([len(shortened(clean(name), LONGEST)) for name in shown.saves] + [16]) * _LETTER + 16
    top = _TOP + 16 * max(map(len, heads), default=1) + 10
    width = max(left + len(shown.loads) * (_WIDTH + _GAP) + 12, _LETTER * max(len(shown.title), len(shown.said)) + 24)
    height = top + len(shown.saves) * (_HEIGHT + _GAP) + 66
    place = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {place} role="img" aria-labelledby="title description">',
            f'<title id="title">{_text(shown.title)}</title>',
            f'<desc id="description">{_text(shown.said)}</desc>',
            f"<style>{_style()}</style>",
            f'<rect class="paper" width="{width:.0f}" height="{height:.0f}" rx="6"/>',
            _line(12, 22, shown.title, "title"),
            _line(12, top - 12, "saved ↓ loaded →", "quiet"),
            *_heads(heads, left, top),
            *_rows(shown, left, top),
            *_legend(shown, height - 52),
            "</svg>\n",
        ]
    )


def _heads(heads: Sequence[Sequence[str]], left: float, top: float) -> Iterator[str]:
    for column, lines in enumerate(heads):
        middle = left + column * (_WIDTH + _GAP) + _WIDTH / 2
        for place, line in enumerate(lines):
            yield _line(middle, top - 12 - 16 * (len(lines) - 1 - place), line, "middle")


def _rows(shown: Map, left: float, top: float) -> Iterator[str]:
    for row, save in enumerate(shown.saves):
        y = top + row * (_HEIGHT + _GAP)
        yield _line(12, y + 20, shortened(clean(save), LONGEST))
        for column, load in enumerate(shown.loads):
            if (save, load) in shown.tallies:
                yield from _pair(left + column * (_WIDTH + _GAP), y, *shown.tallies[save, load])


def _pair(x: float, y: float, text: str, graded: Grade) -> Iterator[str]:
    yield f'<rect class="{graded.name}" x="{x:.0f}" y="{y:.0f}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"/>'
    yield _line(x + 8, y + 20, graded.letter, "ink letter")
    yield _line(x + _WIDTH - 8, y + 20, text, "ink end")


def _legend(shown: Map, y: float) -> Iterator[str]:
    """Yield what the letters that are there mean, and what came out over all."""
    there = {graded.name for _, graded in shown.tallies.values()}
    x = 12.0
    for each in _EVERY:
        if each.name in there:
            yield f'<rect class="{each.name}" x="{x:.0f}" y="{y:.0f}" width="20" height="20" rx="4"/>'
            yield _line(x + 10, y + 15, each.letter, "ink letter middle")
            yield _line(x + 26, y + 15, each.meaning, "quiet")
            x += 40 + len(each.meaning) * _LETTER
    yield _line(12, y + 42, shown.said, "quiet")


def _line(x: float, y: float, text: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.0f}" y="{y:.0f}">{_text(text)}</text>'


def _text(text: str) -> str:
    return escape(clean(text))


def _style() -> str:
    """Return the colours of both themes."""
    light = _theme("light", "#ffffff", "#14181d", "#4a5563")
    dark = _theme("dark", "#14181d", "#e9edf2", "#b3bdc9")
    return (
        'text{font:13px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}'
        ".title{font-size:15px;font-weight:600}"
        ".letter{font-weight:700}.middle{text-anchor:middle}.end{text-anchor:end}"
        f"{light}@media(prefers-color-scheme:dark){{{dark}}}"
    )


def _theme(name: str, paper: str, ink: str, quiet: str) -> str:
    grades = "".join(f".{each.name}{{fill:{each.dark if name == 'dark' else each.light}}}" for each in _EVERY)
    return f".paper{{fill:{paper}}}text{{fill:{ink}}}.quiet{{fill:{quiet}}}.ink{{fill:{INK[name]}}}{grades}"
