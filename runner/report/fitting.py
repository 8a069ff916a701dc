"""
A Markdown report that is never larger than it may be: what matters least is left out first, and a sentence says so.

Sizes are bytes of UTF-8: GitHub counts those, and shows nothing at all of a summary that is too large.
"""

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runner.report.text import clean
from runner.report.words import number

LIMIT = 1_000_000
"""
Bytes of a report: below what GitHub takes as the summary of a step (1,024 KiB), with room for what others write there.

Source:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#job-summaries
"""

_GAP = "\n\n"
_NOTE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Parts of a report that are shown when someone opens them."""

    title: str
    parts: tuple[str, ...]

    @property
    def head(self) -> str:
        """Return what opens it."""
        return f"<details><summary>{html.escape(clean(self.title))}</summary>"


Part = str | Fold


def fitted(sections: Iterable[Iterable[Part]], rank: Sequence[int], limit: int) -> str:
    """
    Return the sections as Markdown of at most so many bytes, if the limit leaves room for a note in each.

    Args:
        sections: In the order in which they are read, each with its heading first.
        rank: Their places in the order in which they are given room; those that are not named come last.
    """
    known = [list(section) for section in sections]
    order = [*rank, *(place for place in range(len(known)) if place not in rank)]
    room = limit - _NOTE * sum(map(bool, known))
    texts: dict[int, list[str]] = {}
    for place in order:
        texts[place] = _kept(known[place], room)
        room -= _size(texts[place])
    return _GAP.join(text for place in range(len(known)) for text in texts[place]) + "\n"


def _kept(section: Sequence[Part], room: int) -> list[str]:
    """Return as many parts, from the first on, as there is room for, and a note if that is not all."""
    found: list[str] = []
    for place, part in enumerate(section):
        texts, complete = _within(part, room - _size(found))
        found += texts
        if not complete:
            return [*found, _note(len(section) - place)]
    return found


def _within(part: Part, room: int) -> tuple[list[str], bool]:
    """Return what there is room for of a part, and whether that is all of it; a fold is closed in any case."""
    if isinstance(part, str):
        return ([part], True) if _size([part]) <= room else ([], False)
    texts = [part.head, *part.parts, _END]
    if _size(texts) <= room:
        return texts, True
    inside = list(_first(part.parts, room - _size([part.head, _END])))
    return ([part.head, *inside, _END], False) if inside else ([], False)


def _first(parts: Iterable[str], room: int) -> Iterator[str]:
    """Yield the parts, as long as there is room."""
    for part in parts:
        room -= _size([part])
        if room < 0:
            return
        yield part


def _size(texts: Iterable[str]) -> int:
    return sum(len(text.encode("utf-8", "backslashreplace")) + len(_GAP) for text in texts)


def _note(left: int) -> str:
    return f"*{number(left, 'more part')} of this section would make the report too large: see results.csv.*"


_END = "</details>"
