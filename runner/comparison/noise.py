"""
What rounding may do to a model's outputs, so that it is not taken for drift.

Before saving, the model was called a few times more with each weight and each input moved by one unit in the last
place. How far its outputs moved then is how much it amplifies rounding. Another release rounds at other places, but
not more than at every operation: what differs by a small factor of that movement, and is small, is noise.

Source:
    Backward error: Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, chapters 1 and 3.
    https://www.tensorflow.org/guide/versions (rounding may change in any release)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.comparison.numbers import Values, apart, wide
from runner.observation import Array, Observation

FACTOR = 16
"""How many times the movement is noise: that is one of each input, where rounding happens at every operation."""

FLOAT32 = 2.0**-23
LARGEST = 1e-2
"""What is more than this part of the largest output is never noise, in float32; narrower types get 16 units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """
    What is known of a model's rounding.

    Attributes:
        movement: By (layer, name), how far each number moved; of activations, the most that one of them did.
        unit: Relative size of one rounding; 0 if nothing is known: nothing is forgiven then.
    """

    movement: Mapping[tuple[str, str], Values] = field(default_factory=dict)
    unit: float = 0.0

    @property
    def cap(self) -> float:
        """Return the part of the largest number that noise cannot exceed."""
        return LARGEST * self.unit / FLOAT32 if self.unit <= FLOAT32 else min(FACTOR * self.unit, 1 / 16)

    def moves(self, saved: Array) -> NDArray[Any]:
        """
        Return how far each number moves, in the shape that the array has or that broadcasts to it.

        It is the most that a feature moves in any sample: in one sample, ups and downs may cancel.
        """
        moved = self.movement.get((saved.layer, saved.name))
        if moved is None or (moved.ndim and moved.shape != saved.value.shape):
            return np.zeros(())
        return wide(moved.max(axis=0, keepdims=True) if moved.ndim > 1 and moved.size else moved.max(initial=0.0))

    def forgives(self, saved: Values, loaded: Values, moves: NDArray[Any]) -> NDArray[np.bool_]:
        """Tell, number by number, which differences are noise: those that rounding reaches, and that are small."""
        scale = float(np.abs(wide(saved))[np.isfinite(saved)].max(initial=0.0)) if saved.dtype.kind in "fc" else 0.0
        return self.reaches(saved, loaded, moves) & (apart(saved, loaded) <= self.cap * scale)

    def reaches(self, saved: Values, loaded: Values, moves: NDArray[Any]) -> NDArray[np.bool_]:
        """Tell, number by number, which differences rounding can make; in whole numbers it makes none."""
        if saved.dtype.kind not in "fc" or loaded.dtype.kind not in "fc":
            return np.zeros(saved.shape, dtype=bool)
        finite = np.isfinite(saved) & np.isfinite(loaded)
        return np.asarray(finite & (apart(saved, loaded) <= FACTOR * moves))


EXACT = Rounding()
"""Of a model of which nothing is known, or whose numbers are stored rather than computed."""


def rounding(saved: Observation, kind: str) -> Rounding:
    """Return what the save side saw of ``movement`` (of outputs) or of ``layer_movement``."""
    if not saved.unit or not 0 < saved.unit < 1:
        return EXACT
    found = {
        (array.layer, array.name): array.value for array in saved.arrays.get(kind, ()) if array.value.dtype.kind == "f"
    }
    return Rounding(movement=found, unit=saved.unit)
