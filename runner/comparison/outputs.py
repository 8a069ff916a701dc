"""
How outputs differ.

Two floats agree if ``abs(saved - loaded) <= atol + rtol * abs(saved)``, as numpy.isclose has it, and two that are not a
number do. Integers, such as the numbers of words, agree if they are equal.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from runner.comparison.noise import EXACT, Rounding
from runner.comparison.numbers import Compared, Values, apart, close, shape, wide
from runner.model import Tolerance
from runner.observation import Array
from runner.record import Cause, Comparison

_Number = TypeVar("_Number", int, float)


def compare_outputs(
    saved: Sequence[Array], loaded: Sequence[Array], tolerance: Tolerance, rounding: Rounding = EXACT
) -> Compared:
    """
    Compare outputs pair by pair; the worst difference of all of them counts.

    Args:
        rounding: What rounding may do to them beyond the tolerance.
    """
    if len(saved) != len(loaded):
        text = f"{len(saved)} outputs were saved, {len(loaded)} came back"
        return Compared(cause=Cause.SHAPE_CHANGED, comparison=Comparison(), text=text)
    compared = [_output(a, b, tolerance, rounding) for a, b in _aligned(saved, loaded)]
    found = [each for each in compared if each.cause]
    worst = min(found, key=lambda each: _ORDER.index(each.cause or Cause.NUMERIC_DRIFT), default=None)
    comparison = _together([each.comparison for each in compared])
    if worst:
        return replace(worst, comparison=comparison)
    return Compared(cause=None, comparison=comparison, noise="; ".join(each.noise for each in compared if each.noise))


def reached(saved: Sequence[Array], loaded: Sequence[Array], tolerance: Tolerance, rounding: Rounding) -> bool:
    """Tell whether rounding alone may get that far, however large the difference is."""
    pairs = _aligned(saved, loaded) if len(saved) == len(loaded) else []
    alike = all(a.value.shape == b.value.shape and {a.value.dtype.kind, b.value.dtype.kind} == {"f"} for a, b in pairs)
    return bool(pairs) and alike and all(_reached(a, b, tolerance, rounding) for a, b in pairs)


def _reached(saved: Array, loaded: Array, tolerance: Tolerance, rounding: Rounding) -> bool:
    within = close(saved.value, loaded.value, tolerance)
    return bool((within | rounding.reaches(saved.value, loaded.value, rounding.moves(saved))).all())


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


def _output(saved: Array, loaded: Array, tolerance: Tolerance, rounding: Rounding) -> Compared:
    a, b, name = saved.value, loaded.value, saved.name
    if a.shape != b.shape:
        text = f"{name} has shape {shape(b)}, saved as {shape(a)}"
        return Compared(cause=Cause.SHAPE_CHANGED, comparison=Comparison(), text=text)
    if "string" in (saved.dtype, loaded.dtype):
        return _text_output(saved, loaded)
    within = close(a, b, tolerance)
    noise, settled = (within, within) if within.all() else _rounded(saved, loaded, within, rounding)
    comparison = _numbers(a, b, settled)
    if _dtype_changed(saved, loaded):
        text = f"{name} is {loaded.dtype}, saved as {saved.dtype}"
        return Compared(cause=Cause.DTYPE_CHANGED, comparison=comparison, text=text)
    if within.all():
        return Compared(cause=None, comparison=comparison)
    text = _numeric_text(name, comparison)
    if not comparison.decisions_changed and (within | noise).all():
        return Compared(cause=None, comparison=comparison, noise=f"{text}, as far as rounding explains")
    return Compared(cause=_numeric_cause(a, b, comparison), comparison=comparison, text=text)


def _rounded(
    saved: Array, loaded: Array, within: NDArray[np.bool_], rounding: Rounding
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell, number by number, which differences are noise, and which numbers decide nothing."""
    a, b, moves = saved.value, loaded.value, rounding.moves(saved)
    noise = rounding.forgives(a, b, moves)
    return noise, within | (_tied(a, b, moves) & noise)


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


def _numbers(a: Values, b: Values, settled: NDArray[np.bool_]) -> Comparison:
    if np.array_equal(a, b):
        ulp = 0 if not a.size or _has_ulps(a, b) else None
        return Comparison(max_abs=0.0, max_rel=0.0, max_scaled=0.0, max_ulp=ulp, decisions=_decisions(a))
    difference = apart(a, b)
    with np.errstate(all="ignore"):
        relative = np.where(difference == 0, 0.0, difference / np.abs(wide(a)))
    return Comparison(
        max_abs=float(difference.max()),
        max_rel=float(np.nan_to_num(relative, nan=np.inf, posinf=np.inf).max()),
        max_scaled=scaled(float(difference.max()), a),
        max_ulp=_ulp(a, b) if _has_ulps(a, b) else None,
        decisions_changed=_decisions_changed(a, b, settled),
        decisions=_decisions(a),
    )


def scaled(difference: float, saved: Values) -> float:
    """Return a difference by the largest of the finite numbers; infinite where there is none to compare with."""
    if difference == 0:
        return 0.0
    largest = float(np.abs(wide(saved))[np.isfinite(saved)].max(initial=0.0))
    return difference / largest if largest else float("inf")


def _has_ulps(a: Values, b: Values) -> bool:
    """Tell whether units in the last place can be counted: between finite floats of one dtype."""
    countable = a.dtype == b.dtype and a.dtype.kind == "f" and a.dtype.itemsize <= 8
    return countable and bool(np.isfinite(a).all() and np.isfinite(b).all())


def _ulp(a: Values, b: Values) -> int:
    """Return the largest distance in units in the last place."""
    x, y = _ordered(a.ravel()), _ordered(b.ravel())
    ulps = np.maximum(x, y).view(np.uint64) - np.minimum(x, y).view(np.uint64)  # as unsigned it wraps to the right one
    return int(ulps.max())


def _ordered(values: Values) -> NDArray[np.int64]:
    """Map floats to integers in the same order, neighbours to neighbours, both zeros to zero."""
    bits = values.view(f"i{values.dtype.itemsize}").astype(np.int64)
    lowest = np.int64(np.iinfo(f"i{values.dtype.itemsize}").min)
    return np.where(bits < 0, lowest - bits, bits)


def _decisions(a: Values) -> int:
    """Count the samples that decide something: by their argmax, or by their sign where there is one output a sample."""
    if not _decides(a):
        return 0
    return a.size if _is_one(a) else a.size // a.shape[-1]


def _decisions_changed(a: Values, b: Values, settled: NDArray[np.bool_]) -> int:
    """
    Count the samples that decide something else.

    Args:
        settled: The numbers that agree within tolerance, or were tied: in a sample of such nothing changed.
    """
    if not _decides(a):
        return 0
    if _is_one(a):
        changed = ((a > 0) != (b > 0)) & ~settled
    else:
        changed = (np.argmax(a, axis=-1) != np.argmax(b, axis=-1)) & ~settled.all(axis=-1)
    return int(changed.sum())


def _decides(a: Values) -> bool:
    return a.ndim > 0 and a.size > 0 and a.dtype.kind != "c"


def _is_one(a: Values) -> bool:
    return a.ndim == 1 or a.shape[-1] == 1


def _tied(a: Values, b: Values, moves: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which numbers are in a sample whose choice the smallest movement of weights and inputs would have turned."""
    if not _decides(a):
        return np.zeros(a.shape, dtype=bool)
    numbers, moved = wide(a), np.broadcast_to(moves, a.shape)
    if _is_one(a):
        return np.asarray(np.abs(numbers) <= moved)
    picked = [np.argmax(side, axis=-1, keepdims=True) for side in (a, b)]
    first, second = (np.take_along_axis(numbers, choice, axis=-1) for choice in picked)
    reach = sum(np.take_along_axis(moved, choice, axis=-1) for choice in picked)
    with np.errstate(all="ignore"):
        return np.broadcast_to(first - second <= reach, a.shape)


def _numeric_cause(a: Values, b: Values, comparison: Comparison) -> Cause:
    if not np.isfinite(wide(b)).all() and np.isfinite(wide(a)).all():
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
        max_scaled=_most([each.max_scaled for each in comparisons]),
        max_ulp=_most([each.max_ulp for each in comparisons]),
        decisions_changed=sum(each.decisions_changed for each in comparisons),
        decisions=sum(each.decisions for each in comparisons),
    )


def _most(numbers: Sequence[_Number | None]) -> _Number | None:
    return max((number for number in numbers if number is not None), default=None)
