"""
Globs over the names of cells: ``*``, ``?``, ``[seq]`` as everywhere, and ``{this,that}`` as in a shell.

Both directions are here: which names a glob means, and which globs mean these names and no others.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple, TypeAlias

_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]]*\]|\{[^{}]*\}|[^*?\[{}]+|.", re.DOTALL)
_SPECIAL, _QUOTED = re.compile(r"[\\\[\]&~|^]"), r"\\\g<0>"  # in a set of characters
_WIDTH = 110  # of a glob that is made here, but for single names that are longer
_LONGEST = 10_000  # characters


class Where(NamedTuple):
    """A cell's name and what it is derived from."""

    id: str
    scenario: str
    format: str
    save: str
    load: str


Names: TypeAlias = frozenset[str] | None  # None is every name that there is
Box: TypeAlias = tuple[Names, Names]  # environments that save x environments that load
Pair: TypeAlias = tuple[str, str]
Model: TypeAlias = tuple[str, str]  # scenario and format
_Step: TypeAlias = Callable[[int, Mapping[str, int]], int]  # places in a name -> the places behind what matches there


class Pattern:
    """
    Globs that are ready to be held against names.

    A glob is followed from all places of a name at once, which are the bits of a number: unlike a regular expression it
    takes no longer for many ``*`` than for few.

    Raises:
        re.error: If the characters of a set are none.
    """

    def __init__(self, globs: Iterable[str]) -> None:
        self._step = _either(map(_followed, globs))

    def match(self, name: str) -> bool:
        """Tell whether one of the globs matches the name as a whole."""
        return self._step(1, _places(name)) >> len(name) == 1


@cache
def pattern(globs: tuple[str, ...]) -> Pattern:
    """Return what matches a name as a whole if one of the globs does."""
    return Pattern(globs)


def flaw(glob: str) -> str | None:
    """Return what is wrong with a glob, if something is."""
    if not glob.strip():
        return "the glob is empty"
    if len(glob) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    tokens = _TOKEN.findall(glob)
    if "{" in tokens or "}" in tokens:
        return "a brace has no partner, or stands within others; write sets as {this,that}"
    try:
        pattern((glob,))
    except re.error:
        return "this is no glob; a range in [ ] goes from the lower to the higher character"
    return None


def covering(wanted: Collection[str], universe: Mapping[str, Where]) -> tuple[str, ...]:
    """
    Return globs that match the wanted names of a universe and no other of its names, few rather than many.

    Args:
        wanted: Names out of the universe.
        universe: Every name that there is, in the order in which names are written.
    """
    space = _Space(universe)
    boxes: dict[Box, list[Model]] = {}
    for model, pairs in space.pairs(wanted).items():
        for box in _boxes(pairs, space.all_pairs[model]):
            boxes.setdefault(box, []).append(model)
    return tuple(glob for box, models in boxes.items() for glob in _globs(box, models, space, frozenset(wanted)))


class _Space:
    """The names of a universe by what they are derived from."""

    def __init__(self, universe: Mapping[str, Where]) -> None:
        self.universe = universe
        self.all_pairs = self.pairs(universe)
        self.scenarios = tuple(dict.fromkeys(where.scenario for where in universe.values()))
        self.saves = tuple(dict.fromkeys(where.save for where in universe.values()))
        self.loads = tuple(dict.fromkeys(where.load for where in universe.values()))

    def pairs(self, ids: Collection[str]) -> dict[Model, list[Pair]]:
        """Return the pairs of environments of each model, in the order of the universe."""
        found: dict[Model, list[Pair]] = {}
        for where in self.universe.values():
            if where.id in ids:
                found.setdefault((where.scenario, where.format), []).append((where.save, where.load))
        return found

    def matched(self, glob: str) -> set[str]:
        """Return the names that a glob matches."""
        return set(filter(pattern((glob,)).match, self.universe))

    def is_exact(self, glob: str, box: Box, models: Collection[Model], wanted: Collection[str]) -> bool:
        """Tell whether a glob matches all of the models in a box, and nothing that is not wanted."""
        return set(self.ids(box, models)) <= self.matched(glob) <= set(wanted)

    def ids(self, box: Box, models: Collection[Model]) -> list[str]:
        """Return the names of the models in a box."""
        saves, loads = box
        return [
            where.id
            for where in self.universe.values()
            if (where.scenario, where.format) in models
            and (saves is None or where.save in saves)
            and (loads is None or where.load in loads)
        ]


def _boxes(pairs: Sequence[Pair], every: Sequence[Pair]) -> list[Box]:
    """Return boxes that hold these pairs, and of every pair that there is no other."""
    if set(pairs) == set(every) and len(pairs) > 1:
        return [(None, None)]
    by_load: list[Box] = [(saves, loads) for saves, loads in _alike(pairs, every)]
    turned = _alike([pair[::-1] for pair in pairs], [pair[::-1] for pair in every])
    by_save: list[Box] = [(saves, loads) for loads, saves in turned]
    return min(by_load, by_save, key=len)


def _alike(pairs: Sequence[Pair], every: Sequence[Pair]) -> list[tuple[Names, frozenset[str]]]:
    """Return the second names of pairs together that have the same first names, or all that there are."""
    groups: dict[Names, set[str]] = {}
    for second in dict.fromkeys(pair[1] for pair in pairs):
        firsts = frozenset(pair[0] for pair in pairs if pair[1] == second)
        complete = len(firsts) > 1 and firsts == {pair[0] for pair in every if pair[1] == second}
        groups.setdefault(None if complete else firsts, set()).add(second)
    return [(firsts, frozenset(seconds)) for firsts, seconds in groups.items()]


def _globs(box: Box, models: Sequence[Model], space: _Space, wanted: frozenset[str]) -> Iterator[str]:
    """Yield globs for the models in a box: one for all of them, or for those of a format, or for as many as fit."""
    pair = f"@{_set(box[0], space.saves)}->{_set(box[1], space.loads)}"
    if len({form for _, form in models}) > 1 and space.is_exact(f"*{pair}", box, models, wanted):
        yield f"*{pair}"
        return
    for form in dict.fromkeys(form for _, form in models):
        alike = [model for model in models if model[1] == form]
        if len(alike) > 1 and space.is_exact(f"*.{form}{pair}", box, alike, wanted):
            yield f"*.{form}{pair}"
        else:
            yield from _in_lines(box, alike, f".{form}{pair}", space, wanted)


def _in_lines(box: Box, models: Sequence[Model], rest: str, space: _Space, wanted: frozenset[str]) -> Iterator[str]:
    """Yield globs for models of one format; cells of which no glob is exact are named one by one."""
    for group in _lines([scenario for scenario, _ in models], space, rest):
        together = [model for model in models if model[0] in group]
        glob = _set(frozenset(group), space.scenarios) + rest
        if space.is_exact(glob, box, together, wanted):
            yield glob
        else:
            yield from (_escaped(name) for name in space.ids(box, together) if name in wanted)


def _lines(names: Sequence[str], space: _Space, rest: str) -> Iterator[list[str]]:
    """Yield names in groups that fit on a line."""
    group: list[str] = []
    for name in names:
        if group and len(_set(frozenset([*group, name]), space.scenarios) + rest) > _WIDTH:
            yield group
            group = []
        group.append(name)
    yield group


def _set(names: Names, known: Iterable[str]) -> str:
    """Return names as a glob: ``*`` if these are all, else what they begin with in front of a set."""
    order = list(known)
    if names is None or len(names) == len(order) > 1:
        return "*"
    ordered = [name for name in order if name in names]
    if len(ordered) == 1:
        return _escaped(ordered[0])
    start = _beginning(ordered)
    return f"{_escaped(start)}{{{','.join(_escaped(name[len(start) :]) for name in ordered)}}}"


def _beginning(names: Collection[str]) -> str:
    """Return what all names begin with, up to a sign between words."""
    first, last = min(names), max(names)
    length = next(
        (place for place, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) == 2), len(first)
    )
    words = re.match(r".*[._-]", first[:length], re.DOTALL)
    return words[0] if words else ""


def _escaped(name: str) -> str:
    return re.sub(r"[*?\[{}]", r"[\g<0>]", name)


@lru_cache(maxsize=2**16)
def _places(name: str) -> Mapping[str, int]:
    """Return where each character of a name stands, as bits; under "" every place that is in it."""
    found = {"": 2 ** len(name) - 1}
    for place, char in enumerate(name):
        found[char] = found.get(char, 0) | 1 << place
    return found


def _followed(glob: str) -> _Step:
    """Return what leads through all of a glob."""
    steps = [_part(token) for token in _TOKEN.findall(glob)]

    def follow(places: int, name: Mapping[str, int]) -> int:
        for step in steps:
            places = step(places, name)
            if not places:
                break
        return places

    return steps[0] if len(steps) == 1 else follow


def _part(token: str) -> _Step:
    """Return what leads through a part of a glob."""
    if token[0] == "*":
        return _anything
    if token == "?":
        return lambda places, name: (places & name[""]) << 1
    if token[0] == "{" and token[-1] == "}" and len(token) > 1:
        return _either(map(_followed, token[1:-1].split(",")))
    if token[0] == "[" and len(token) > 2:
        return _one_of(token)
    return _text(token)


def _text(text: str) -> _Step:
    def follow(places: int, name: Mapping[str, int]) -> int:
        for char in text:
            places = (places & name.get(char, 0)) << 1
            if not places:
                break
        return places

    return follow


def _anything(places: int, name: Mapping[str, int]) -> int:
    """Go on from the first place to every one behind it."""
    return (2 * name[""] + 1) & -(places & -places)


def _one_of(token: str) -> _Step:
    negated = token[1] == "!"
    char = re.compile(f"[{'^' * negated}{re.sub(_SPECIAL, _QUOTED, token[1 + negated : -1])}]", re.DOTALL)
    return lambda places, name: sum((places & at) << 1 for key, at in name.items() if key and char.match(key))


def _either(steps: Iterable[_Step]) -> _Step:
    """Return what leads where any of the steps does."""
    ways = list(steps)

    def follow(places: int, name: Mapping[str, int]) -> int:
        reached = 0
        for way in ways:
            reached |= way(places, name)
        return reached

    return ways[0] if len(ways) == 1 else follow
