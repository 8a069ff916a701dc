"""Whether what layers know besides their weights came back: vocabularies, statistics, boundaries."""

from collections.abc import Sequence

import numpy as np

from runner.comparison.layers import SAME, Names
from runner.comparison.numbers import Compared, agree, distance
from runner.model import Tolerance
from runner.observation import Array
from runner.record import Cause, Comparison


def compare_state(
    saved: Sequence[Array], loaded: Sequence[Array], tolerance: Tolerance, names: Names = SAME
) -> Compared:
    """
    Compare the state of layers; the first that differs counts, a vocabulary before all.

    Versions keep state in attributes of their own: what only one side has is left out, but for a vocabulary.

    Args:
        names: What the layers of the saved model are called in the loaded one.
    """
    theirs = {(array.layer, array.name): array for array in loaded}
    pairs = [(array, theirs.get((names.of(array.layer), array.name))) for array in saved]
    texts = [(array, _difference(array, other, tolerance)) for array, other in pairs if other is not None]
    found = [(array, text) for array, text in texts if text]
    if not found:
        return Compared(cause=None, comparison=Comparison())
    array, text = min(found, key=lambda each: each[0].dtype != "string")
    cause = Cause.ASSETS_MISSING if array.dtype == "string" else Cause.WEIGHTS_NOT_RESTORED
    return Compared(cause=cause, comparison=Comparison(first_layer=array.layer), text=text)


def _difference(saved: Array, loaded: Array, tolerance: Tolerance) -> str:
    where = f"{saved.name} of {saved.layer}"
    if saved.dtype == "string" == loaded.dtype:
        return _words(where, saved, loaded)
    if "string" in (saved.dtype, loaded.dtype) or saved.value.size != loaded.value.size:
        return ""
    before, after = (Array(layer="", name="", dtype=a.dtype, value=a.value.ravel()) for a in (saved, loaded))
    if agree(before, after, tolerance):
        return ""
    return f"{where} is not what was saved, by up to {distance(before, after):.3g}"


def _words(where: str, saved: Array, loaded: Array) -> str:
    before, after = saved.value.size, loaded.value.size
    if not after and before:
        return f"{where} is lost (it had {before} words)"
    if before == after and np.array_equal(saved.value, loaded.value):
        return ""
    if before == after and set(saved.value.tolist()) == set(loaded.value.tolist()):
        return f"{where} has its words in another order"
    return f"{where} has other words ({after}, there were {before})"
