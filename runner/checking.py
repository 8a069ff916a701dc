"""
Plain data -> document: all of it that is sound, and a sentence for everything that is not.

What is not sound is left out, so that one mistake hides no other.
"""

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Generic, TypeAlias, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runner.document import NAME, VARIABLE, Shape
from runner.errors import Mistake
from runner.wording import nearest, shown
from runner.yaml_source import Data, Route, Source, quote_it

D = TypeVar("D", bound=Shape)
ShapeAt: TypeAlias = Callable[[Route], type[Shape]]
"""Which shape the mapping at a route has."""

_KEY = "[key]"  # pydantic's way to say that a key, not its value, is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Generic[D]):
    """
    What is sound of a file.

    Attributes:
        spoiled: Routes of what was left out, or is likely to be there under a misspelt key.
    """

    document: D
    mistakes: tuple[Mistake, ...]
    spoiled: frozenset[Route]

    def is_spoiled(self, route: Route) -> bool:
        """Say whether a value, or something that holds it, was left out."""
        return any(route[:length] in self.spoiled for length in range(1, len(route) + 1))


def check(source: Source, shape: type[D], shape_at: ShapeAt) -> Checked[D]:
    """Check a file against the shape of all of it; `shape_at` tells which keys may stand where."""
    data = deepcopy(source.data)
    mistakes: tuple[Mistake, ...] = ()
    spoiled: set[Route] = set()
    while True:
        try:
            document = shape.model_validate(data)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            mistakes = mistakes or tuple(_mistakes(problems, source, shape_at))
            left_out = {_left_out(problem) for problem in problems}
            spoiled |= left_out | _misspelt(problems, source, shape_at)
            for route in sorted({_there(data, route) for route in left_out}, key=_comparable, reverse=True):
                _leave_out(data, route)
        else:
            return Checked(document=document, mistakes=mistakes, spoiled=frozenset(spoiled))


def _left_out(problem: ErrorDetails) -> Route:
    """Return the smallest thing that must go if the rest is to be sound."""
    route = _route(problem)
    return route[:-1] if problem["type"] == "missing" and len(route) > 1 else route


def _there(data: dict[str, Data], route: Route) -> Route:
    """Return a route up to the last that is there: a text may stand for a list of one."""
    holder: Data = data
    for length, step in enumerate(route):
        match holder, step:
            case dict(), str() if step in holder:
                holder = holder[step]
            case list(), int() if step < len(holder):
                holder = holder[step]
            case _:
                return route if route == ("version",) else route[:length]
    return route


def _leave_out(data: dict[str, Data], route: Route) -> None:
    """Remove what is at a route."""
    if route == ("version",):
        data["version"] = 1
        return
    holder: Data = data
    for step in route[:-1]:
        holder = holder[step]  # type: ignore[index]  # the way was found in this very data
    match holder, route[-1]:
        case dict() as mapping, str() as key:
            del mapping[key]
        case list() as items, int() as index:
            del items[index]


def _comparable(route: Route) -> list[tuple[bool, str | int]]:
    """Return a sort key that tells apart keys and indexes."""
    return [(isinstance(step, int), step) for step in route]


def _misspelt(problems: Iterable[ErrorDetails], source: Source, shape_at: ShapeAt) -> set[Route]:
    """Return the keys that are not there, and that unknown ones were likely meant to be."""
    unknown = [_route(problem) for problem in problems if problem["type"] == "extra_forbidden"]
    meant = {
        (*route[:-1], key)
        for route in unknown
        for key in get_close_matches(str(route[-1]), _known(route, shape_at), n=1)
    }
    return {route for route in meant if route not in source.keys}


def _mistakes(problems: Iterable[ErrorDetails], source: Source, shape_at: ShapeAt) -> Iterable[Mistake]:
    misspelt = _misspelt(problems, source, shape_at)
    for problem in problems:
        route = _route(problem)
        is_misspelt = problem["type"] == "missing" and route in misspelt
        is_spoiled = problem["type"] == "too_short" and source.at(route)  # each item of it was refused
        if not is_misspelt and not is_spoiled:
            on_key = problem["type"] == "extra_forbidden" or problem["loc"][-1] == _KEY
            yield source.mistake(route, _sentence(problem, route, source, shape_at), key=on_key)


def _route(problem: ErrorDetails) -> Route:
    return tuple(step for step in problem["loc"] if step != _KEY)


def _sentence(problem: ErrorDetails, route: Route, source: Source, shape_at: ShapeAt) -> str:
    """Say in the words of the file what pydantic says in its own."""
    context = problem.get("ctx", {})
    match problem["type"]:
        case "missing":
            return f"{route[-1]!r} is missing{'; write version: 1' if route == ('version',) else ''}"
        case "extra_forbidden":
            return f"unknown key {shown(route[-1])}{nearest(str(route[-1]), _known(route, shape_at))}"
        case "literal_error" if route == ("version",):
            return f"'version' must be 1, the only one that this program knows, not {_as_written(source, route)}"
        case "enum" | "literal_error":
            return _no_such(route, str(context["expected"]), source)
        case "string_type" if route in source.written:
            return quote_it(source.written[route], source.at(route))
        case "string_pattern_mismatch":
            return f"{shown(route[-1])} is no name{_NAMES[context['pattern']]}"
        case "value_error":
            return str(context["error"])
        case kind:
            return f"{_which(route)} must {_MUST[kind].format(**context)}" if kind in _MUST else problem["msg"]


_NAMES = {
    NAME: "; use letters, digits and . _ + -, with a letter or digit first, and 64 characters at most",
    VARIABLE: " of an environment variable; use letters, digits and _",
}
_MUST = {
    "string_type": "be text",
    "tuple_type": "be a list, in [ ]",
    "dict_type": "be a mapping, of keys and values",
    "model_type": "be a mapping, of keys and values",
    "int_type": "be a whole number",
    "float_type": "be a number",
    "finite_number": "be a finite number",
    "greater_than": "be greater than {gt:g}",
    "greater_than_equal": "be {ge:g} or greater",
    "less_than_equal": "be {le:g} or less",
    "too_short": "not be empty",
    "string_too_short": "not be empty",
    "string_too_long": "have {max_length} characters at most",
}


def _which(route: Route) -> str:
    *_, name = [step for step in route if isinstance(step, str)] or ["this"]
    return repr(name) if route and route[-1] == name else f"each of {name!r}"


def _no_such(route: Route, expected: str, source: Source) -> str:
    """Say which names there are; pydantic gives them as ``'a', 'b' or 'c'``."""
    known = re.findall(r"'([^']*)'", expected)
    *_, key = [step for step in route if isinstance(step, str)]
    what = "format" if key == "formats" else key
    return f"unknown {what} {_as_written(source, route)}{nearest(str(source.at(route)), known)}"


def _as_written(source: Source, route: Route) -> str:
    return source.written.get(route) or shown(source.at(route))


def _known(route: Route, shape_at: ShapeAt) -> list[str]:
    """Return the keys that may stand beside the one at a route."""
    return [field.alias or name for name, field in shape_at(route[:-1]).model_fields.items()]
