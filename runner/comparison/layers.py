"""Which layer is the first to differ, and what about it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.comparison.noise import EXACT, Rounding
from runner.comparison.numbers import close, distance
from runner.model import Tolerance
from runner.observation import Array, LayerSeen

_NO_MATTER = ("name", "trainable", "dtype", "dtype_policy", "batch_input_shape", "batch_shape", "build_config", "seed")
_ONLY_AT_FIRST = ("initializer", "regularizer", "constraint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the layers of one model are called in another: most bear their own name."""

    others: Mapping[str, str] = field(default_factory=dict)

    def of(self, layer: str) -> str:
        """Return the other name of a layer."""
        return self.others.get(layer, layer)


SAME = Names()


def names(saved: Sequence[LayerSeen], loaded: Sequence[LayerSeen]) -> Names:
    """
    Return which layer became which.

    Names that Keras gives count on within a process: a model that is built a second time has a dense_2 where it had a
    dense. Where names differ, the classes must be the same one by one.
    """
    if {seen.layer for seen in saved} == {seen.layer for seen in loaded}:
        return SAME
    before, after = ([seen for seen in side if seen.class_name != "InputLayer"] for side in (saved, loaded))
    if [seen.class_name for seen in before] != [seen.class_name for seen in after]:
        return SAME
    return Names(others={old.layer: new.layer for old, new in zip(before, after, strict=True)})


def first_difference(
    saved: Sequence[Array],
    loaded: Sequence[Array],
    tolerance: Tolerance,
    rounding: Rounding = EXACT,
    names: Names = SAME,
) -> tuple[str, float] | None:
    """
    Return the first layer, in the saved model's order, whose activations differ, and by how much.

    Args:
        saved: Activations of shape ``(batch, *features)``, one or more a layer.
        rounding: What rounding does to them; a layer that differs within it is passed over.
        names: What the layers of the saved model are called in the loaded one.
    """
    theirs = {(array.layer, array.name): array for array in loaded}
    for array in saved:
        other = theirs.get((names.of(array.layer), array.name))
        if other is not None and _differ(array, other, tolerance, rounding):
            return array.layer, distance(array, other) if "string" not in (array.dtype, other.dtype) else 0.0
    return None


def _differ(saved: Array, loaded: Array, tolerance: Tolerance, rounding: Rounding) -> bool:
    a, b = saved.value, loaded.value
    if a.shape != b.shape or (saved.dtype == "string") != (loaded.dtype == "string"):
        return False
    if saved.dtype == "string":
        return bool((a != b).any())
    return not (close(a, b, tolerance) | rounding.forgives(a, b, rounding.moves(saved))).all()


def described(layer: str, saved: Sequence[LayerSeen], loaded: Sequence[LayerSeen], names: Names) -> str:
    """Say which arguments of a layer differ: ``axis is -1, was 1``; empty if none, or if that is not known."""
    before = next((seen for seen in saved if seen.layer == layer), None)
    after = next((seen for seen in loaded if seen.layer == names.of(layer)), None)
    return ", ".join(_arguments(before, after)) if before and after else ""


def first_described(saved: Sequence[LayerSeen], loaded: Sequence[LayerSeen], names: Names) -> str | None:
    """Return the first layer whose arguments differ."""
    return next((seen.layer for seen in saved if described(seen.layer, saved, loaded, names)), None)


def replaced(layer: str, saved: Sequence[LayerSeen], loaded: Sequence[LayerSeen]) -> str:
    """Say which layer of the saved model, up to this one, is of another class in the loaded one; empty if none is."""
    before, after = ([seen for seen in side if seen.class_name != "InputLayer"] for side in (saved, loaded))
    for old, new in zip(before, after, strict=False):
        if old.class_name != new.class_name:
            return f"{new.layer} ({new.class_name}) stands where {old.layer} ({old.class_name}) was"
        if old.layer == layer:
            break
    return ""


def class_of(layer: str, seen: Sequence[LayerSeen]) -> str:
    """Return the class of a layer; empty if it is not known."""
    return next((each.class_name for each in seen if each.layer == layer), "")


def _arguments(before: LayerSeen, after: LayerSeen) -> list[str]:
    """Return the arguments that both have and that differ in more than how a version writes them, else the dtype."""
    shared = [name for name in before.config if name in after.config and _matters(name)]
    values = [(name, _plain(before.config[name]), _plain(after.config[name])) for name in shared]
    found = [f"{name} is {_short(new)}, was {_short(old)}" for name, old, new in values if old != new]
    old, new = _policy(before), _policy(after)
    return found or ([f"its dtype is {new}, was {old}"] if old and new and old != new else [])


def _policy(seen: LayerSeen) -> str:
    """Return the name of a layer's dtype, or of its policy; empty if it is not known."""
    match _plain(seen.config.get("dtype", "")):
        case str(name) | {"name": str(name)}:
            return name
    return ""


def _matters(name: str) -> bool:
    return name not in _NO_MATTER and not name.endswith(_ONLY_AT_FIRST)


def _plain(text: str) -> Any:
    """Return a value in the form that all versions share; text that is no JSON is only text."""
    try:
        return _simple(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _simple(value: Any) -> Any:
    """Take out what says how a version stores a value: the module of a class, a list around one number."""
    match value:
        case {"class_name": name, "config": dict(config)}:
            return {"class_name": name, **{key: _simple(item) for key, item in config.items() if _matters(key)}}
        case {"class_name": _, "config": config}:
            return _simple(config)
        case [single]:
            return _simple(single)
        case list():
            return [_simple(item) for item in value]
        case dict():
            return {key: _simple(item) for key, item in value.items()}
        case float() if value.is_integer():
            return int(value)
    return value


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
