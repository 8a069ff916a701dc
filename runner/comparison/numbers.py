"""When two numbers agree, and how far arrays are apart."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.model import Tolerance
from runner.observation import Array
from runner.record import Cause, Comparison

BEGINNING = 4096
"""How many numbers of two large weights are compared before all are."""

Values = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """
    The outcome of a comparison.

    Attributes:
        cause: Why it is drift; None if all agrees within tolerance.
        comparison: The numbers.
        text: What differs, in words; empty if nothing.
        noise: What differs beyond the tolerance and is forgiven as rounding, in words; empty if nothing.
    """

    cause: Cause | None
    comparison: Comparison
    text: str = ""
    noise: str = ""


def close(a: Values, b: Values, tolerance: Tolerance) -> NDArray[np.bool_]:
    """Tell, number by number, which agree: as ``numpy.isclose(b, a, equal_nan=True)`` does, in half of its time."""
    if a.dtype.kind in "biu" and b.dtype.kind in "biu":
        return np.asarray(a == b)
    if a.dtype == b.dtype and np.array_equal(a, b):
        return np.ones(a.shape, dtype=bool)
    x, y = wide(a), wide(b)
    with np.errstate(all="ignore"):
        within = np.abs(y - x) <= tolerance.atol + tolerance.rtol * np.abs(x)
    return np.asarray((within & np.isfinite(x)) | (x == y) | (np.isnan(x) & np.isnan(y)))


def apart(a: Values, b: Values) -> NDArray[np.float64]:
    """Return the absolute differences; between a number and none it is infinite."""
    x, y = wide(a), wide(b)
    with np.errstate(all="ignore"):
        difference = np.abs(x - y)
    same = (x == y) | (np.isnan(x) & np.isnan(y))
    return np.where(same, 0.0, np.where(np.isnan(difference), np.inf, difference))


def wide(values: Values) -> NDArray[Any]:
    """Return numbers in the widest type of their kind."""
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)


def agree(a: Array, b: Array, tolerance: Tolerance) -> bool:
    """Tell whether two arrays of one shape agree; what differs shows in the beginning of most."""
    parts = ((beginning(a), beginning(b)), (a, b)) if a.value.size > BEGINNING else ((a, b),)
    return are_same(a, b) or all(close(x.value, y.value, tolerance).all() for x, y in parts)


def are_same(a: Array, b: Array) -> bool:
    """Tell whether two arrays hold the same numbers: most weights came back to the last bit, and that is seen soon."""
    return a.value.dtype == b.value.dtype and np.array_equal(a.value, b.value)


def beginning(array: Array) -> Array:
    """Return the array with its first numbers."""
    return replace(array, value=array.value.ravel()[:BEGINNING])


def distance(a: Array, b: Array) -> float:
    """Return the largest absolute difference."""
    return 0.0 if are_same(a, b) else float(apart(a.value, b.value).max(initial=0.0))


def shape(values: Values) -> str:
    """Return ``8x3``."""
    return "x".join(map(str, values.shape)) or "scalar"
