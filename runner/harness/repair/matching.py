"""Which stored weight belongs to which of a model's: by their names, else by names without numbers, else by order."""

import re
from collections import defaultdict

# What the file calls them, what the model does, and how that is told.
STYLES = (
    ("path", "path", "by path"),
    ("path", "attributes", "by path"),
    ("name", "name", "by layer and weight name"),
    ("numbered", "numbered", "by number of the layer and weight name"),
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
    for style, theirs, how in STYLES:
        if all(style in entry.names for entry in stored):
            found = _exactly(stored, placed, style, theirs)
            if found:
                return how, found
            found = _loosely(stored, placed, style, theirs)
            if found:
                return how + ", without their numbers and in order", found
    for order in (list, _trainable_first):
        found = list(zip(stored, order(placed)))
        if _agree(found):
            return "by order and shape", found
    return None


def _exactly(stored, placed, style, theirs):
    """Pair what has the same name, if all do: a name alone may be that of another layer of the same class."""
    waiting = {entry.names[theirs]: entry for entry in placed}
    names = [entry.names[style] for entry in stored]
    if set(names) != set(waiting) or len(waiting) != len(placed):
        return None
    found = [(entry, waiting[entry.names[style]]) for entry in stored]
    return found if _agree(found) else None


def _loosely(stored, placed, style, theirs):
    """Pair what has less and less in common, in order, where both sides have as many of a kind; None unless all do."""
    found = []
    for strictness, key in enumerate(_KEYS):
        left, right = _grouped(stored, key, style), _grouped(placed, key, theirs)
        # Paths stand in the file by their alphabet: what the order there says, it says of one class only.
        most = 1 if style == "path" and strictness else len(stored)
        kinds = [kind for kind in left if len(left[kind]) == len(right.get(kind, ())) <= most]
        same = [pair for kind in kinds for pair in zip(left[kind], right[kind])]
        found.extend(same)
        used = {id(entry) for pair in same for entry in pair}
        stored = [entry for entry in stored if id(entry) not in used]
        placed = [entry for entry in placed if id(entry) not in used]
    return None if stored else found


# What two names must have in common: all of them, less of them, only the layer, only the weight.
_KEYS = (slice(None), slice(1, None), slice(2, None), slice(None, -1), slice(None, 1), slice(-1, None))


def _plain(words):
    return tuple(re.sub(r"([_#-]\d+)+$", "", word).lstrip("_") for word in words)


def _grouped(entries, key, style):
    groups = defaultdict(list)
    for entry in entries:
        groups[_plain(entry.names[style][key]) + entry.shape].append(entry)
    return groups


def _agree(found):
    return all(stored.shape == placed.shape for stored, placed in found)


def _trainable_first(placed):
    """Return the order of Keras 2's lists of variables: those that training changes, then the others."""
    return sorted(placed, key=lambda entry: not getattr(entry.value, "trainable", True))
