"""
How two observations differ: outputs, weights, the first layer. Pure NumPy.

Two floats agree if ``abs(saved - loaded) <= atol + rtol * abs(saved)``, as numpy.isclose has it, and two that are not a
number do. Integers, such as the numbers of words, agree if they are equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from runner.model import Array, Cause, Comparison, Observation, Tolerance

BEGINNING = 4096
"""How many numbers of two large weights are compared before all are."""

Values = NDArray[Any]
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """
    The outcome of a comparison.

    Attributes:
        cause: Why it is drift; None if all agrees within tolerance.
        comparison: The numbers.
        text: What differs, in words; empty if nothing.
    """

    cause: Cause | None
    comparison: Comparison
    text: str = ""


def compare(saved: Observation, loaded: Observation, tolerance: Tolerance) -> Compared:
    """
    Compare what a model gave before saving with what it gave after loading.

    Outputs are not compared where the model is not deterministic; weights are, where both sides show them.

    Args:
        saved: Outputs of shape ``(batch, *features)``, weights by layer.
        tolerance: Relative (dimensionless) and absolute (in the output's unit).
    """
    outputs = compare_outputs(saved.arrays.get("outputs", ()), loaded.arrays.get("outputs", ()), tolerance)
    if saved.deterministic is False:
        outputs = Compared(cause=None, comparison=Comparison())
    weights = compare_weights(saved.arrays.get("weights", ()), loaded.arrays.get("weights", ()), tolerance)
    comparison = replace(outputs.comparison, weights_max_abs=weights.comparison.weights_max_abs)
    structural = outputs.cause in (Cause.SHAPE_CHANGED, Cause.DTYPE_CHANGED)
    first = outputs if structural or weights.cause is None else weights
    return Compared(cause=first.cause, comparison=comparison, text=first.text)


def compare_outputs(saved: Sequence[Array], loaded: Sequence[Array], tolerance: Tolerance) -> Compared:
    """Compare outputs pair by pair; the worst difference of all of them counts."""
    if len(saved) != len(loaded):
        text = f"{len(saved)} outputs were saved, {len(loaded)} came back"
        return Compared(cause=Cause.SHAPE_CHANGED, comparison=Comparison(), text=text)
    compared = [_output(a, b, tolerance) for a, b in _aligned(saved, loaded)]
    found = [each for each in compared if each.cause]
    worst = min(found, key=lambda each: _ORDER.index(each.cause or Cause.NUMERIC_DRIFT), default=None)
    comparison = _together([each.comparison for each in compared])
    cause, text = (worst.cause, worst.text) if worst else (None, "")
    return Compared(cause=cause, comparison=comparison, text=text)


_ORDER = (
    Cause.SHAPE_CHANGED,
    Cause.DTYPE_CHANGED,
    Cause.NOT_FINITE,
    Cause.DECISION_CHANGED,
    Cause.NUMERIC_DRIFT,
)


def _aligned(saved: Sequence[Array], loaded: Sequence[Array]) -> list[tuple[Array, Array]]:
    """Pair outputs by name; where a format names them anew, by order, the same shape first."""
    names = {array.name: array for array in loaded}
    if len(names) == len(loaded) and set(names) == {array.name for array in saved}:
        return [(array, names[array.name]) for array in saved]
    left, pairs = list(loaded), []
    for array in saved:
        same = (index for index, other in enumerate(left) if other.value.shape == array.value.shape)
        pairs.append((array, left.pop(next(same, 0))))
    return pairs


def _output(saved: Array, loaded: Array, tolerance: Tolerance) -> Compared:
    a, b, name = saved.value, loaded.value, saved.name
    if a.shape != b.shape:
        text = f"{name} has shape {_shape(b)}, saved as {_shape(a)}"
        return Compared(cause=Cause.SHAPE_CHANGED, comparison=Comparison(), text=text)
    changed = _dtype_changed(saved, loaded)
    if "string" in (saved.dtype, loaded.dtype):
        return _text_output(saved, loaded)
    close = _close(a, b, tolerance)
    comparison = _numbers(a, b, close)
    if changed:
        text = f"{name} is {loaded.dtype}, saved as {saved.dtype}"
        return Compared(cause=Cause.DTYPE_CHANGED, comparison=comparison, text=text)
    if close.all():
        return Compared(cause=None, comparison=comparison)
    return Compared(cause=_numeric_cause(a, b, comparison), comparison=comparison, text=_numeric_text(name, comparison))


def _close(a: Values, b: Values, tolerance: Tolerance) -> NDArray[np.bool_]:
    """Tell, number by number, which agree."""
    if a.dtype.kind in "biu" and b.dtype.kind in "biu":
        return np.asarray(a == b)
    with np.errstate(all="ignore"):
        return np.asarray(np.isclose(_wide(b), _wide(a), rtol=tolerance.rtol, atol=tolerance.atol, equal_nan=True))


def _dtype_changed(saved: Array, loaded: Array) -> bool:
    """Tell whether the numbers are of another kind or narrower; a wider type of the same kind loses nothing."""
    a, b = saved.value.dtype, loaded.value.dtype
    narrower = b.itemsize < a.itemsize or (loaded.dtype == "bfloat16" != saved.dtype)
    return a.kind != b.kind or narrower


def _text_output(saved: Array, loaded: Array) -> Compared:
    if saved.dtype != loaded.dtype:
        text = f"{saved.name} is {loaded.dtype}, saved as {saved.dtype}"
        return Compared(cause=Cause.DTYPE_CHANGED, comparison=Comparison(), text=text)
    changed = int((saved.value != loaded.value).sum())
    comparison = Comparison(decisions_changed=changed, decisions=saved.value.size)
    text = f"{changed} of {saved.value.size} strings of {saved.name} changed" if changed else ""
    return Compared(cause=Cause.DECISION_CHANGED if changed else None, comparison=comparison, text=text)


def _numbers(a: Values, b: Values, close: NDArray[np.bool_]) -> Comparison:
    changed, decisions = _decisions(a, b, close)
    if a.size == 0:
        return Comparison(max_abs=0.0, max_rel=0.0, max_ulp=0)
    difference = _difference(a, b)
    with np.errstate(all="ignore"):
        relative = np.where(difference == 0, 0.0, difference / np.abs(_wide(a)))
    return Comparison(
        max_abs=float(difference.max()),
        max_rel=float(np.nan_to_num(relative, nan=np.inf, posinf=np.inf).max()),
        max_ulp=_ulp(a, b),
        decisions_changed=changed,
        decisions=decisions,
    )


def _difference(a: Values, b: Values) -> NDArray[np.float64]:
    """Return the absolute differences; between a number and none it is infinite."""
    x, y = _wide(a), _wide(b)
    with np.errstate(all="ignore"):
        apart = np.abs(x - y)
    same = (x == y) | (np.isnan(x) & np.isnan(y))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))


def _wide(values: Values) -> NDArray[Any]:
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)


def _ulp(a: Values, b: Values) -> int | None:
    """Return the largest distance in units in the last place, for finite floats of one dtype."""
    if a.dtype != b.dtype or a.dtype.kind != "f" or a.dtype.itemsize > 8:
        return None
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.all():
        return None
    x, y = _ordered(a.ravel()), _ordered(b.ravel())
    apart = np.maximum(x, y).view(np.uint64) - np.minimum(x, y).view(np.uint64)  # as unsigned it wraps to the right one
    return int(apart.max())


def _ordered(values: Values) -> NDArray[np.int64]:
    """Map floats to integers in the same order, neighbours to neighbours, both zeros to zero."""
    bits = values.view(f"i{values.dtype.itemsize}").astype(np.int64)
    lowest = np.int64(np.iinfo(f"i{values.dtype.itemsize}").min)
    return np.where(bits < 0, lowest - bits, bits)


def _decisions(a: Values, b: Values, close: NDArray[np.bool_]) -> tuple[int, int]:
    """
    Count the samples whose argmax changed, or whose sign did where there is one output a sample.

    In a sample that agrees within tolerance nothing changed: it was a tie.
    """
    if a.ndim == 0 or a.size == 0 or a.dtype.kind == "c":
        return 0, 0
    one = a.ndim == 1 or a.shape[-1] == 1
    if one:
        changed = ((a > 0) != (b > 0)) & ~close
    else:
        changed = (np.argmax(a, axis=-1) != np.argmax(b, axis=-1)) & ~close.all(axis=-1)
    return int(changed.sum()), int(changed.size)


def _numeric_cause(a: Values, b: Values, comparison: Comparison) -> Cause:
    if not np.isfinite(_wide(b)).all() and np.isfinite(_wide(a)).all():
        return Cause.NOT_FINITE
    return Cause.DECISION_CHANGED if comparison.decisions_changed else Cause.NUMERIC_DRIFT


def _numeric_text(name: str, comparison: Comparison) -> str:
    decided = (
        f", {comparison.decisions_changed} of {comparison.decisions} decisions changed" if comparison.decisions else ""
    )
    return f"{name} differs by up to {comparison.max_abs:.3g} (relative {comparison.max_rel:.3g}){decided}"


def _together(comparisons: Sequence[Comparison]) -> Comparison:
    return Comparison(
        max_abs=_most([each.max_abs for each in comparisons]),
        max_rel=_most([each.max_rel for each in comparisons]),
        max_ulp=_most([each.max_ulp for each in comparisons]),
        decisions_changed=sum(each.decisions_changed for each in comparisons),
        decisions=sum(each.decisions for each in comparisons),
    )


def _most(numbers: Sequence[_Number | None]) -> _Number | None:
    return max((number for number in numbers if number is not None), default=None)


def compare_weights(saved: Sequence[Array], loaded: Sequence[Array], tolerance: Tolerance) -> Compared:
    """
    Compare weights layer by layer, each with the most similar one of its shape.

    Where that finds a difference, the layers may bear each other's names: all weights are compared together then. A
    weight that has no partner of its shape is left out: versions differ in what they count as a weight (a step counter,
    the state of a random generator). Integers are left out for the same reason.
    """
    ours, theirs = ([array for array in side if array.value.dtype.kind == "f"] for side in (saved, loaded))
    together = {"": (ours, theirs)}
    if not {array.layer for array in ours} <= {array.layer for array in theirs}:
        return _weights(together, tolerance)
    found = _weights(_by_layer(ours, theirs), tolerance)
    if found.cause and all(close for _, _, close in _matched(ours, theirs, tolerance)):
        return _weights(together, tolerance)
    return found


def _weights(groups: Mapping[str, tuple[list[Array], list[Array]]], tolerance: Tolerance) -> Compared:
    worst, where = None, ""
    for layer, (ours, theirs) in groups.items():
        for array, difference, close in _matched(ours, theirs, tolerance):
            if worst is None or difference > worst:
                worst = difference
            if not close and not where:
                where = f"weights of {layer or 'the model'} differ (shape {_shape(array.value)})"
    cause = Cause.WEIGHTS_NOT_RESTORED if where else None
    text = f"{where}, by up to {worst:.3g}" if where else ""
    return Compared(cause=cause, comparison=Comparison(weights_max_abs=worst), text=text)


def _by_layer(ours: list[Array], theirs: list[Array]) -> dict[str, tuple[list[Array], list[Array]]]:
    groups = {layer: list(found) for layer, found in groupby(sorted(ours, key=_layer), key=_layer)}
    return {layer: (found, [array for array in theirs if array.layer == layer]) for layer, found in groups.items()}


def _layer(array: Array) -> str:
    return array.layer


def _matched(
    ours: Sequence[Array], theirs: Sequence[Array], tolerance: Tolerance
) -> Iterator[tuple[Array, float, bool]]:
    """
    Pair each weight with one of its shape: (weight, largest difference, whether it is within tolerance).

    The first that agrees is taken; if none does, the nearest, as far as the beginning of each tells.
    """
    left = list(theirs)
    for array in ours:
        candidates = [other for other in left if other.value.shape == array.value.shape]
        if not candidates:
            continue
        found = next((other for other in candidates if _agree(array, other, tolerance)), None)
        nearest = found or min(candidates, key=lambda other: _distance(_beginning(array), _beginning(other)))
        left = [other for other in left if other is not nearest]
        yield array, _distance(array, nearest), found is not None


def _agree(a: Array, b: Array, tolerance: Tolerance) -> bool:
    parts = ((_beginning(a), _beginning(b)), (a, b))
    return all(_close(x.value, y.value, tolerance).all() for x, y in parts)


def _beginning(array: Array) -> Array:
    return replace(array, value=array.value.ravel()[:BEGINNING])


def _distance(a: Array, b: Array) -> float:
    return float(_difference(a.value, b.value).max(initial=0.0))


def first_difference(saved: Sequence[Array], loaded: Sequence[Array], tolerance: Tolerance) -> tuple[str, float] | None:
    """
    Return the first layer, in the saved model's order, whose activations differ, and by how much.

    Args:
        saved: Activations of shape ``(batch, *features)``, one a layer.
    """
    theirs = {array.layer: array for array in loaded}
    for array in saved:
        other = theirs.get(array.layer)
        if other is None or "string" in (array.dtype, other.dtype) or other.value.shape != array.value.shape:
            continue
        if not _agree(array, other, tolerance):
            return array.layer, _distance(array, other)
    return None


def _shape(values: Values) -> str:
    return "x".join(map(str, values.shape)) or "scalar"
