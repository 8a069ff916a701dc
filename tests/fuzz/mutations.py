"""
Small changes to bytes, text and trees of plain data.

Every choice is asked of a `random.Random`: one that Hypothesis can shrink, or one that a fuzzer can repeat.
"""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any, TypeAlias

Mutation: TypeAlias = Callable[[bytes, Random], bytes]

LONGEST = 2**20
"""Bytes of what is made here: what takes longer than linear time shows by then."""

WORDS = (
    *("", " ", "\t", "\r\n", "\n---\n", "\n...\n", "\x00", "\x1b[31m", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800"),
    *(
        "~",
        "null",
        "yes",
        ".nan",
        "-.inf",
        "1e999",
        "-0",
        "0x" + "f" * 300,
        "9" * 5000,
        "1:2:3",
        "2.10",
        "1_0",
        "0b",
        "-",
    ),
    *("2020-13-45", "0001-01-01", "9999-12-31T23:59:60Z", "today"),
    *("<<", "*a", "&a", "&a [*a]", "? ", "- ", ": ", "| ", "> ", "!!binary x", "!!python/name:os.system x", "!<!> x"),
    *("../../x", "/etc/passwd", "C:\\x", "a" * 9_000, "é" * 5_000, "{" * 40, "[" * 5_000, "(" * 300, '{"a":' * 3_000),
    *("*?" * 30, "*a" * 40, "{,?}" * 30, "[!", "[z-a]", "{a", "{a,{b}}", "**", ">=2", "<3,>=3", "==2.*", "; x"),
    *("<script>", "]]>", "</svg>", "`|`", "::error::", "%s%n", "{0}", "=1+1", "\\ud800", '\\"'),
)
NUMBERS = (0, 1, -1, 127, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400)
FLOATS = (0.5, -0.0, 1e308, 5e-324, float("inf"), float("-inf"), float("nan"), 1e16)
_LEAVES: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], {"": None}, *NUMBERS, *FLOATS, *WORDS)
_SIZES = (1, 2, 4, 8)


def any_of(*ways: Mutation) -> Mutation:
    """Return a mutation that is one of several, each time another."""
    return lambda data, random: random.choice(ways)(data, random)


def again_and_again(change: Mutation, most: int = 4) -> Mutation:
    """Return a mutation that is made once or several times."""

    def changed(data: bytes, random: Random) -> bytes:
        for _ in range(random.randint(1, most)):
            data = change(data, random)
        return data

    return changed


def blind(data: bytes, random: Random) -> bytes:
    """Change bytes without a look at what they mean."""
    return random.choice(_BLIND)(data, random)[:LONGEST]


def _span(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((1, 2, 4, 16, 100, 5000)))


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def _delete(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    return data[:start] + data[end:]


def _repeat(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    times = min(random.choice((2, 2, 10, 10, 1000, LONGEST)), LONGEST // max(end - start, 1))
    return data[:start] + data[start:end] * times + data[start:]


def _copy(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    at = random.randint(0, len(data))
    return data[:at] + data[start:end] + data[at:]


def _flip(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + bytes(byte ^ 1 << random.randint(0, 7) for byte in data[at : at + 1]) + data[at + 1 :]


def _insert(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    word = random.choice(WORDS).encode("utf-8", "surrogatepass")
    return data[:start] + word + data[random.choice((start, end)) :]


def _number(data: bytes, random: Random) -> bytes:
    size = random.choice(_SIZES)
    start = random.randint(0, len(data))
    number: int = random.choice(NUMBERS) % 256**size
    return data[:start] + number.to_bytes(size, random.choice(("little", "big"))) + data[start + size :]


_BLIND = (_cut, _delete, _repeat, _copy, _flip, _flip, _insert, _number, _number)


def lines(data: bytes, random: Random) -> bytes:
    """Change whole lines: which are there, in which order, how far they are indented and how they end."""
    found = data.split(b"\n")
    at, other = random.randrange(len(found)), random.randrange(len(found))
    match random.choice(("drop", "twice", "swap", "indent", "tab", "end", "mark", "word")):
        case "drop":
            del found[at]
        case "twice":
            found.insert(other, found[at])
        case "swap":
            found[at], found[other] = found[other], found[at]
        case "indent":
            found[at] = b" " * random.randint(1, 9) + found[at].lstrip()
        case "tab":
            found[at] = b"\t" + found[at]
        case "end":
            return random.choice((b"\r\n", b"\r", b"\x85", "\u2028".encode())).join(found)
        case "mark":
            return b"\xef\xbb\xbf" + data
        case _:
            found[at] = _insert(found[at], random)
    return b"\n".join(found)


def tree(data: Any, random: Random) -> Any:
    """Return plain data with some of its nodes taken out, doubled, moved, renamed, wrapped or replaced."""
    root = [deepcopy(data)]
    for _ in range(random.randint(1, 4)):
        places = list(_places(root))
        holder, key = random.choice(places)
        random.choice(_ON_NODES)(holder, key, places, random)
    return root[0] if root else None


def _places(root: Any) -> "list[tuple[Any, Any]]":
    """Return (what holds it, its key) of every node."""
    found: list[tuple[Any, Any]] = []
    waiting = [root]
    while waiting and len(found) < 20_000:
        holder = waiting.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found or [([None], 0)]


def _taken_out(holder: Any, key: Any, places: Sequence[tuple[Any, Any]], random: Random) -> None:
    if len(places) > 1:
        del holder[key]


def _leaf(holder: Any, key: Any, places: Sequence[tuple[Any, Any]], random: Random) -> None:
    holder[key] = deepcopy(random.choice(_LEAVES))


def _moved(holder: Any, key: Any, places: Sequence[tuple[Any, Any]], random: Random) -> None:
    other, name = random.choice(places)
    holder[key] = deepcopy(other[name])


def _doubled(holder: Any, key: Any, places: Sequence[tuple[Any, Any]], random: Random) -> None:
    if isinstance(holder, list):
        holder[key:key] = [deepcopy(holder[key])] * random.choice((1, 1, 3, 300))
    else:
        holder[f"{key}{random.choice(WORDS)[:80]}"] = deepcopy(holder[key])


def _renamed(holder: Any, key: Any, places: Sequence[tuple[Any, Any]], random: Random) -> None:
    if isinstance(holder, dict):
        holder[random.choice((random.choice(WORDS), str(random.choice(places)[1])))] = holder.pop(key)


def _wrapped(holder: Any, key: Any, places: Sequence[tuple[Any, Any]], random: Random) -> None:
    value = holder[key]
    for _ in range(random.choice((1, 1, 2, 40, 300))):
        value = [value] if random.random() < 0.5 else {"config": value}
    holder[key] = value


def _retyped(holder: Any, key: Any, places: Sequence[tuple[Any, Any]], random: Random) -> None:
    value = holder[key]
    match value:
        case str():
            holder[key] = random.choice((len(value), [value], value + random.choice(WORDS), value[:-1], value.upper()))
        case bool() | int() | float():
            holder[key] = random.choice(
                (str(value), -value, value + 1, [value], float(value) if abs(value) < 2**99 else 0)
            )
        case list():
            holder[key] = random.choice((dict(enumerate(map(str, value[:9]))), value[:1], value[::-1], *value[:1]))
        case dict():
            holder[key] = random.choice((list(value), list(value.values()), *list(value.values())[:1]))


_ON_NODES = (_taken_out, _leaf, _leaf, _moved, _doubled, _renamed, _wrapped, _retyped)


def json_tree(data: bytes, random: Random) -> bytes:
    """Change a JSON document by its nodes; what is none is changed blindly."""
    try:
        text = json.dumps(tree(json.loads(data), random), ensure_ascii=random.random() < 0.5)
    except (ValueError, RecursionError):  # what was nested deeper again and again can no longer be copied
        return blind(data, random)
    return text.encode("utf-8", "surrogatepass")[:LONGEST]


def json_lines(data: bytes, random: Random) -> bytes:
    """Change one line of JSON among several."""
    found = data.split(b"\n")
    at = random.randrange(len(found))
    found[at] = json_tree(found[at], random)
    return b"\n".join(found)


json_document = any_of(json_tree, json_tree, json_tree, again_and_again(blind))
"""Any change to JSON."""

journal = again_and_again(any_of(json_lines, json_lines, lines, blind))
"""Any change to lines of JSON."""
