"""Whether weights came back. They are stored, not computed: rounding has no part in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runner.comparison.numbers import Compared, agree, are_same, beginning, distance, shape
from runner.model import Tolerance
from runner.observation import Array
from runner.record import Cause, Comparison

_BFLOAT16 = 2.0**-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A saved weight and what stands in its place; `close` if they agree within tolerance."""

    saved: Array
    loaded: Array
    difference: float
    close: bool


def compare_weights(
    saved: Sequence[Array], loaded: Sequence[Array], tolerance: Tolerance, *, exchanged: bool = False
) -> Compared:
    """
    Compare weights layer by layer, each with the most similar one of its shape.

    Where that finds a difference, the layers may bear each other's names: all weights are compared together then. A
    weight that has no partner of its shape is left out: versions differ in what they count as a weight (a step counter,
    the state of a random generator). Integers are left out for the same reason.

    Args:
        exchanged: Whether outputs differ, so that layers which have each other's weights, and not only names, count.
    """
    pairs = paired(saved, loaded, tolerance, exchanged=exchanged)
    worst = max((pair.difference for pair in pairs), default=None)
    first = next((pair for pair in pairs if not pair.close), None)
    if first is None:
        return Compared(cause=None, comparison=Comparison(weights_max_abs=worst))
    where = f"weights of {first.saved.layer or 'the model'} differ (shape {shape(first.saved.value)})"
    text = f"{where}, by up to {worst:.3g}"
    return Compared(cause=Cause.WEIGHTS_NOT_RESTORED, comparison=Comparison(weights_max_abs=worst), text=text)


def paired(
    saved: Sequence[Array], loaded: Sequence[Array], tolerance: Tolerance, *, exchanged: bool = False
) -> tuple[Pair, ...]:
    """Return the pairs that `compare_weights` compares, in the order of the saved model."""
    ours, theirs = ([array for array in side if array.value.dtype.kind == "f"] for side in (saved, loaded))
    together = {"": (ours, theirs)}
    if not {array.layer for array in ours} <= {array.layer for array in theirs}:
        found = _pairs(together, tolerance)
    else:
        found = _pairs(_by_layer(ours, theirs), tolerance)
        if not all(pair.close for pair in found) and not (exchanged and _out_of_order(ours, theirs, tolerance)):
            all_of_them = _pairs(together, tolerance)
            found = all_of_them if all(pair.close for pair in all_of_them) else found
    return tuple(found)


def _out_of_order(ours: Sequence[Array], theirs: Sequence[Array], tolerance: Tolerance) -> bool:
    """Tell whether the weights are not even the same one after the other, whatever their layers are called."""
    if [array.value.shape for array in ours] != [array.value.shape for array in theirs]:
        return False
    return not all(_restored(a, b, tolerance) for a, b in zip(ours, theirs, strict=True))


def _pairs(groups: Mapping[str, tuple[list[Array], list[Array]]], tolerance: Tolerance) -> list[Pair]:
    return [pair for ours, theirs in groups.values() for pair in _matched(ours, theirs, tolerance)]


def _by_layer(ours: list[Array], theirs: list[Array]) -> dict[str, tuple[list[Array], list[Array]]]:
    layers = dict.fromkeys(array.layer for array in ours)
    return {layer: ([a for a in ours if a.layer == layer], [a for a in theirs if a.layer == layer]) for layer in layers}


def _matched(ours: Sequence[Array], theirs: Sequence[Array], tolerance: Tolerance) -> Iterator[Pair]:
    """
    Pair each weight with one of its shape.

    One that agrees is taken, that of its name first; if none does, the one of its name, else the nearest, as far as the
    beginning of each tells.
    """
    left = list(theirs)
    for array in ours:
        candidates = [other for other in left if other.value.shape == array.value.shape]
        if not candidates:
            continue
        candidates.sort(key=lambda other: (other.layer, other.name) != (array.layer, array.name))
        pair = _pair(array, candidates, tolerance)
        left = [other for other in left if other is not pair.loaded]
        yield pair


def _pair(array: Array, candidates: Sequence[Array], tolerance: Tolerance) -> Pair:
    if are_same(array, candidates[0]):
        return Pair(saved=array, loaded=candidates[0], difference=0.0, close=True)
    found = next((other for other in candidates if _restored(array, other, tolerance)), None)
    nearest = found or _nearest(array, candidates)
    return Pair(saved=array, loaded=nearest, difference=distance(array, nearest), close=found is not None)


def _restored(saved: Array, loaded: Array, tolerance: Tolerance) -> bool:
    """Tell whether a weight came back, if only as precisely as a narrower type can hold it."""
    lost = _lost(saved, loaded)
    return agree(saved, loaded, replace(tolerance, rtol=lost) if lost > tolerance.rtol else tolerance)


def _lost(saved: Array, loaded: Array) -> float:
    """Return the relative precision of a type that the weight did not have when it was saved."""
    if saved.dtype == loaded.dtype:
        return 0.0
    return _BFLOAT16 if loaded.dtype == "bfloat16" else float(np.finfo(loaded.value.dtype).eps)


def _nearest(array: Array, candidates: Sequence[Array]) -> Array:
    if (candidates[0].layer, candidates[0].name) == (array.layer, array.name):
        return candidates[0]
    return min(candidates, key=lambda other: distance(beginning(array), beginning(other)))
