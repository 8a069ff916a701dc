"""
YAML text -> plain data, with the line and column of everything in it.

What PyYAML accepts without a word is a mistake here: a key that is there twice, a tag, a key that is no text. Files are
read as if by a stranger's hand: aliases that multiply or contain themselves, endless nesting and bytes that are no text
end in a sentence, not in a traceback.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runner.errors import DocumentError, Mistake
from runner.wording import shown

Data: TypeAlias = "bool | int | float | str | list[Data] | dict[str, Data] | None"
Route: TypeAlias = tuple[str | int, ...]  # the keys and indexes that lead to a value

LARGEST = 2**20  # bytes
_DEEPEST = 32  # mappings and lists in one another
_MOST = 100_000  # values, aliases counted as often as they are used
_TOO_MANY = f"there are more than {_MOST} values in this file, those of aliases counted each time"
_PREFIX = "tag:yaml.org,2002:"
_MERGE = f"{_PREFIX}merge"
_TEXT = ("str", "value", "merge", "timestamp")  # dates stay as they are written
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both from one."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    What a file says, and where.

    Attributes:
        file: The file as the user named it.
        content: Its bytes.
        data: Mappings, lists, text, numbers, booleans and None.
        keys: Where the key of a value stands, by route.
        values: Where the value itself begins.
        written: Numbers and booleans as they are written, by route.
        mistakes: What is wrong already as YAML.
    """

    file: str
    content: bytes
    data: dict[str, Data] = field(default_factory=dict)
    keys: dict[Route, Place] = field(default_factory=dict)
    values: dict[Route, Place] = field(default_factory=dict)
    written: dict[Route, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def at(self, route: Route) -> Data:
        """Return the value at a route; None if nothing is there."""
        found: Data = self.data
        for step in route:
            match found, step:
                case dict(), str():
                    found = found.get(step)
                case list(), int() if step < len(found):
                    found = found[step]
                case _:
                    return None
        return found

    def mistake(self, route: Route, message: str, *, key: bool = False) -> Mistake:
        """Say what is wrong with a value, or with its key; one that is not there is looked for where it would be."""
        place = (self.keys if key else self.values).get(route)
        while place is None and route:
            *holder, step = route
            route = tuple(holder)
            by_key = None if isinstance(step, int) else self.keys.get(route)
            place = by_key or self.values.get(route)
        return _mistake(self.file, place or Place(), message)


def read_yaml(path: Path, *, largest: int = LARGEST) -> Source:
    """
    Read a file that holds one mapping.

    Args:
        largest: In bytes; what people write by hand is smaller by far.

    Raises:
        DocumentError: If nothing can be made of it; what is wrong with single values is left in `Source.mistakes`.
    """
    content = _read(path, largest)
    source = Source(file=str(path), content=content)
    node = _compose(source, _decoded(source))
    if node is None:
        raise _unreadable(source, Place(), "the file is empty")
    if not isinstance(node, MappingNode):
        raise _unreadable(source, _place(node), "the file must be a mapping, of keys and values")
    source.data.update(_Walk(source).mapping(node, (), 0))
    return source


def _read(path: Path, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except FileNotFoundError:
        message = "there is no such file"
    except (OSError, ValueError) as error:
        message = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    else:
        if len(content) <= largest:
            return content
        message = f"is larger than {largest // 2**20} MiB, which is more than is read"
    raise DocumentError([_mistake(str(path), Place(), message)])


def _decoded(source: Source) -> str:
    try:
        return source.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = source.content[: error.start].decode("utf-8", "replace")
        raise _unreadable(source, _place_after(before), "the file is not UTF-8 text from here on") from None


class _Loader(yaml.SafeLoader):
    """
    PyYAML's own, but for endless nesting and for ``1e-4``, which YAML 1.1 takes for text and people for a number.

    Values are counted as they are read: a node takes a hundred times the memory of its text.
    """

    depth = 0
    count = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        self.depth += 1
        self.count += 1
        if self.depth > _DEEPEST:
            problem = f"nothing is nested deeper than {_DEEPEST} levels in such a file"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=parent.start_mark if parent else None)
        if self.count > _MOST:
            raise yaml.MarkedYAMLError(problem=_TOO_MANY, problem_mark=self.get_mark())
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


_Loader.add_implicit_resolver(
    f"{_PREFIX}float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def _compose(source: Source, text: str) -> Node | None:
    """Return the file's one node, or None if it has nothing but comments."""
    loader = None
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        place = _place_after(text[: error.position])
        raise _unreadable(source, place, f"the character {shown(chr(error.character))} is not allowed") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place()
        raise _unreadable(source, place, _reason(error)) from None
    except (ValueError, OverflowError):  # an escape for a character that does not exist
        mark = loader.get_mark() if loader else None
        place = Place(mark.line + 1, mark.column + 1) if mark else Place()
        raise _unreadable(source, place, "this cannot be read as YAML") from None


def _reason(error: yaml.MarkedYAMLError) -> str:
    if "'\\t'" in str(error.problem):
        return "a tab stands where YAML allows only spaces"
    return ": ".join(part for part in (error.context, error.problem) if part)


class _Walk:
    """One walk over the nodes of a file, which fills in its `Source`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.count = 0

    def value(self, node: Node, route: Route, depth: int) -> Data:
        self.step(node, depth)
        self.source.values[route] = _place(node)
        match node:
            case MappingNode():
                self.untagged(node, "map")
                return self.mapping(node, route, depth)
            case SequenceNode():
                self.untagged(node, "seq")
                return [self.value(item, (*route, index), depth + 1) for index, item in enumerate(node.value)]
            case _:
                return self.scalar(node, route)

    def mapping(self, node: MappingNode, route: Route, depth: int) -> dict[str, Data]:
        found: dict[str, Data] = {}
        for key, value, merged in self.pairs(node, depth):
            self.step(key, depth)
            name = self.key(key)
            if name is None or (name in found and merged):
                continue
            if name in found:
                first = self.source.keys[(*route, name)].line
                self.wrong(key, f"{shown(name)} is there twice; it was given at line {first} already")
                continue
            self.source.keys[(*route, name)] = _place(key)
            found[name] = self.value(value, (*route, name), depth + 1)
        return found

    def pairs(self, node: MappingNode, depth: int) -> Iterator[tuple[Node, Node, bool]]:
        """Give a mapping's own keys and values, then those that it merges in with ``<<``."""
        self.step(node, depth)
        yield from ((key, value, False) for key, value in node.value if key.tag != _MERGE)
        for key, value in node.value:
            for source in self.merged(value) if key.tag == _MERGE else ():
                yield from ((key, value, True) for key, value, _ in self.pairs(source, depth + 1))

    def merged(self, node: Node) -> Iterator[MappingNode]:
        for source in node.value if isinstance(node, SequenceNode) else [node]:
            if isinstance(source, MappingNode):
                yield source
            else:
                self.wrong(source, "only a mapping, or a list of them, can be merged in with '<<'")

    def key(self, node: Node) -> str | None:
        if not isinstance(node, ScalarNode):
            self.wrong(node, "a key must be text, not a mapping or a list")
            return None
        kind = node.tag.removeprefix(_PREFIX)
        if kind == "null":
            self.wrong(node, "a key must be text, not nothing")
            return None
        if kind in ("int", "float", "bool"):
            self.wrong(node, quote_it(node.value, _scalar(kind, node.value)))
        elif kind not in _TEXT:
            self.untagged(node, "str")
        return self.text(node)

    def scalar(self, node: Node, route: Route) -> Data:
        kind = node.tag.removeprefix(_PREFIX)
        if kind == "null":
            return None
        if kind in ("int", "float", "bool"):
            value = _scalar(kind, node.value)
            if not isinstance(value, str):
                self.source.written[route] = node.value
            return value
        if kind not in _TEXT:
            self.untagged(node, "str")
        return self.text(node)

    def text(self, node: Node) -> str:
        if _UNPRINTABLE.search(node.value):
            self.wrong(node, f"{shown(node.value)} holds a character that is no text")
        return str(_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", node.value))

    def untagged(self, node: Node, kind: str) -> None:
        if node.tag != f"{_PREFIX}{kind}":
            self.wrong(node, f"the tag {shown(node.tag.replace(_PREFIX, '!!'))} means nothing here")

    def step(self, node: Node, depth: int) -> None:
        """Refuse what aliases can make of a small file: more values than anyone means, or one within itself."""
        self.count += 1
        if self.count > _MOST:
            raise _unreadable(self.source, _place(node), _TOO_MANY)
        if depth > _DEEPEST:
            raise _unreadable(self.source, _place(node), "an alias leads into itself, or too deep")

    def wrong(self, node: Node, message: str) -> None:
        self.source.mistakes.append(_mistake(self.source.file, _place(node), message))


def quote_it(written: str, value: Data) -> str:
    """Say that text which YAML takes for a number or a boolean wants quotes."""
    number = "a number" if str(value) == written else f"the number {value}"
    return (
        f'quote it: "{written}" (YAML reads {written} as {str(value).lower() if isinstance(value, bool) else number})'
    )


def _scalar(kind: str, written: str) -> int | float | bool | str:
    """Return a number or a boolean; what YAML only takes for one stays as it is written."""
    if kind == "bool":
        return written.lower() in ("true", "yes", "on")
    construct = yaml.constructor.SafeConstructor()
    node = ScalarNode(f"{_PREFIX}{kind}", written)
    try:
        number = construct.construct_yaml_int(node) if kind == "int" else construct.construct_yaml_float(node)
    except (ValueError, IndexError):
        return written
    return number if not isinstance(number, int) or abs(number) < 2**63 else written


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _place_after(text: str) -> Place:
    return Place(text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1)


def _unreadable(source: Source, place: Place, message: str) -> DocumentError:
    return DocumentError([_mistake(source.file, place, message)])


def _mistake(file: str, place: Place, message: str) -> Mistake:
    return Mistake(file=file, line=place.line, column=place.column, message=message)
