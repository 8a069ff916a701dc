"""Which stored weight belongs to which of a model's: by their names, else by names without numbers, else by order."""

import re
from collections import defaultdict

STYLES = (
    ("path", "by path"),
    ("name", "by layer and weight name"),
    ("numbered", "by number of the layer and weight name"),
)


def pairs(stored, placed):
    """
    Pair every stored weight with one of the model's.

    Args:
        stored: The entries of the file, in its order.
        placed: The entries of the model, in its layers' order.

    Returns:
        (how, a list of (stored, placed)), or None if no way gives each its place and every shape agrees.
    """
    if len(stored) != len(placed):
        return None
    for style, how in STYLES:
        if all(style in entry.names for entry in stored):
            for key, words in _keys(style):
                found = _by_key(stored, placed, key)
                if found:
                    return how + words, found
    for order in (list, _trainable_first):
        found = list(zip(stored, order(placed)))
        if _agree(found):
            return "by order and shape", found
    return None


def _keys(style):
    """Yield (what two names must have in common, how to say so), the strictest first."""
    yield (lambda entry: entry.names[style]), ""
    for last in (None, 4, 3, 2, 1):
        yield (lambda entry, last=last: _plain(entry, style, last)), ", without their numbers and in order"


def _plain(entry, style, last):
    words = entry.names[style]
    words = words if last is None else words[-last:]
    return tuple(re.sub(r"([_#-]\d+)+$", "", word).lstrip("_") for word in words) + entry.shape


def _by_key(stored, placed, key):
    """Pair those of one key in order, where both sides have as many of each."""
    waiting = defaultdict(list)
    for entry in placed:
        waiting[key(entry)].append(entry)
    found = []
    for entry in stored:
        same = waiting[key(entry)]
        if not same:
            return None
        found.append((entry, same.pop(0)))
    return found if _agree(found) else None


def _agree(found):
    return all(stored.shape == placed.shape for stored, placed in found)


def _trainable_first(placed):
    """Return the order of Keras 2's lists of variables: those that training changes, then the others."""
    return sorted(placed, key=lambda entry: not getattr(entry.value, "trainable", True))
