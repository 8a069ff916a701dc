"""
The share of cells that pass, as a letter and a colour: what every heat map shows.

The letter says all that the colour says. In each theme the text on a colour has a contrast of at least 4.5 to 1, and
the colours go from blue to red by way of yellow: people who tell red from green badly tell these.

Source:
    https://www.w3.org/TR/WCAG22/#contrast-minimum, https://colorbrewer2.org/#type=diverging&scheme=RdYlBu
"""

from collections.abc import Mapping
from dataclasses import dataclass

from runner.record import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """
    How much of what was to be loaded passes.

    Attributes:
        least: The smallest share that has this grade; None where there is no share.
        light: Colour behind dark text, as ``#rrggbb``.
        dark: Colour behind light text.
    """

    name: str
    letter: str
    meaning: str
    least: float | None
    light: str
    dark: str


GRADES = (
    Grade(name="a", letter="A", meaning="all pass", least=1.0, light="#8ec5e8", dark="#1f5f8b"),
    Grade(name="b", letter="B", meaning="three quarters or more", least=0.75, light="#cfe5f1", dark="#30506a"),
    Grade(name="c", letter="C", meaning="half or more", least=0.5, light="#fdf0b5", dark="#5c5420"),
    Grade(name="d", letter="D", meaning="fewer", least=1e-9, light="#fcc58f", dark="#7a4a12"),
    Grade(name="e", letter="E", meaning="none passes", least=0.0, light="#ef8f78", dark="#8c2f20"),
)
"""From all to none; the first whose least share is reached is the grade."""

UNKNOWN = Grade(name="u", letter="?", meaning="not judged", least=None, light="#dcdfe4", dark="#414955")
NOTHING = Grade(name="n", letter="–", meaning="nothing to load", least=None, light="#f1f2f4", dark="#262b33")

INK = {"light": "#14181d", "dark": "#ffffff"}
"""The colour of text on a grade, by theme."""


def grade(counts: Mapping[str, int]) -> Grade:
    """Return the grade of cells, of which `counts` says how many have which status."""
    total = sum(counts.values()) - counts.get(Status.UNSUPPORTED, 0)
    if not total:
        return NOTHING
    if counts.get(Status.ERROR, 0) == total:
        return UNKNOWN
    share = counts.get(Status.PASS, 0) / total
    return next(each for each in GRADES if each.least is not None and share >= each.least)
