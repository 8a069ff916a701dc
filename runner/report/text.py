"""What came out of an exception, made fit for a report: one line, printable, and nothing but text."""

import re

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}\b")
_FOLDERS = re.compile(r"(?<![\w:/.])(?:/[^\s/'\"`:,;()<>|]+){2,}(?=/)")


def clean(text: object) -> str:
    """Return the text as one line of printable characters; what cannot be shown becomes U+FFFD."""
    words = _ESCAPE_SEQUENCE.sub("", str(text)).split()
    return " ".join(word if word.isprintable() else "".join(map(_shown, word)) for word in words)


def printable_lines(text: str) -> str:
    """Return lines of text that hold nothing but printable characters; what cannot be shown becomes U+FFFD."""
    lines = _ESCAPE_SEQUENCE.sub("", text).expandtabs(4).splitlines()
    return "\n".join(line if line.isprintable() else "".join(map(_shown, line)) for line in lines)


def _shown(char: str) -> str:
    return char if char.isprintable() else "\N{REPLACEMENT CHARACTER}"


def general(text: str) -> str:
    """Return the text without what differs from cell to cell: addresses in memory, and the folders of the machine."""
    return _FOLDERS.sub("…", _ADDRESS.sub("0x…", text))


def shortened(text: str, width: int) -> str:
    """Return at most `width` characters of the text."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def code(text: object) -> str:
    """
    Return any text as a code span of Markdown, in which nothing is Markdown and no HTML tag can begin; not for tables.

    A space parts ``<`` from what would make it a tag: reports are pasted where code spans mean nothing.

    Source:
        https://spec.commonmark.org/0.31.2/#code-spans
    """
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", clean(text))
    longest = max(map(len, re.findall("`+", text)), default=0)
    space = " " if longest else ""
    return f"{'`' * (longest + 1)}{space}{text}{space}{'`' * (longest + 1)}" if text else ""


def fenced(text: str) -> str:
    """
    Return lines of code in a fence that nothing in them can close.

    Source:
        https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    """
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}python\n{printable_lines(text)}\n{fence}"


def prose(text: object) -> str:
    """
    Return any text as words in a sentence or a table of Markdown, none of which is Markdown or HTML.

    Source:
        https://spec.commonmark.org/0.31.2/#backslash-escapes, https://github.github.com/gfm/#example-200
    """
    text = re.sub(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", clean(text))
    text = re.sub(r"^([#>+=-]|\d+(?=[.)](?:\s|$)))", _quoted_start, text)
    return re.sub(r"&(?=#?\w+;)", "&amp;", text).replace("<", "&lt;")


def explained(text: object) -> str:
    """Return an explanation for a sentence of Markdown: as `prose`, but what stands between backticks is `code`."""
    parts = clean(text).split("`")
    if len(parts) % 2 == 0:
        return prose(text)
    return "".join(code(part) if place % 2 else _spaced(part) for place, part in enumerate(parts))


def _spaced(text: str) -> str:
    """Return `prose` that keeps the space around it."""
    return f"{' ' * text.startswith(' ')}{prose(text)}{' ' * (text.endswith(' ') and bool(text.strip()))}"


def listed(names: "list[str] | tuple[str, ...]", most: int) -> str:
    """Return names with commas, at most so many."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def _quoted_start(start: "re.Match[str]") -> str:
    """Return what would begin a heading, a quote or a list so that it does not."""
    return f"{start[0]}\\" if start[0].isdigit() else f"\\{start[0]}"
