"""One run spread over several machines: which part each of them runs, and how the parts become one again."""

import re
from dataclasses import dataclass

_WORDS = re.compile(r"([0-9]{1,6})/([0-9]{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Number `number` of `of` parts of a run, which count from one."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def shard(text: str) -> Shard:
    """
    Read ``2/4``.

    Raises:
        ValueError: If it is no such thing.
    """
    words = _WORDS.fullmatch(text)
    if not words or not 1 <= int(words[1]) <= int(words[2]):
        raise ValueError(text)
    return Shard(number=int(words[1]), of=int(words[2]))
