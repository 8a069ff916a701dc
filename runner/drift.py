"""
What kind of drift it is, and where it begins, as far as loading once more tells.

Drift is told apart by what differs: weights (never restored, or others), state, or neither: then a layer computes
something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runner.comparison import Compared, compare_outputs, compare_state, first_difference, paired, rounding
from runner.comparison.layers import Names, class_of, described, first_described, names, replaced
from runner.comparison.outputs import reached
from runner.comparison.weights import Pair
from runner.judgement import Judgement
from runner.model import Tolerance
from runner.observation import Observation
from runner.record import Cause, Comparison

_STATISTICS = ("moving_mean", "moving_variance", "mean", "variance", "adapt_mean", "adapt_variance", "count")
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """
    The model before saving and after loading, twice, in two processes.

    Attributes:
        again: The second load, with activations and layers; None if it failed.
    """

    saved: Observation
    loaded: Observation
    again: Observation | None
    tolerance: Tolerance

    @property
    def names(self) -> Names:
        """Return what the saved layers are called in the loaded model."""
        return names(self.saved.layers, self.again.layers if self.again else ())


def located(judgement: Judgement, sides: Sides) -> Judgement:
    """Name the first layer that differs, and say what kind of drift it is."""
    before, after = (side.arrays.get("weights", ()) for side in (sides.saved, sides.loaded))
    pairs = paired(before, after, sides.tolerance, exchanged=True)
    lost = [pair for pair in pairs if not pair.close]
    layer, difference = _first_layer(sides, lost)
    compared = replace(judgement.comparison or Comparison(), first_layer=layer, first_layer_max_abs=difference)
    cause, said = _kind(judgement, sides, lost, layer)
    explanation = " ".join(filter(None, [judgement.explanation, said]))
    return replace(judgement, cause=cause, explanation=explanation, comparison=compared)


def _first_layer(sides: Sides, lost: Sequence[Pair]) -> tuple[str | None, float | None]:
    """Return the first layer that gives something else, else whose weights, whose state, whose arguments differ."""
    again = sides.again
    if again is not None:
        kept = (sides.saved.arrays.get("activations", ()), again.arrays.get("activations", ()))
        moved = rounding(sides.saved, "layer_movement")
        found = first_difference(*kept, sides.tolerance, moved, sides.names)
        if found:
            return found
    state = _state(sides).comparison.first_layer
    layers = [pair.saved.layer for pair in lost if pair.saved.layer]
    if layers or state:
        return [*layers, state][0], None
    return (first_described(sides.saved.layers, again.layers, sides.names) if again else None), None


def _state(sides: Sides) -> Compared:
    before, after = (side.arrays.get("state", ()) for side in (sides.saved, sides.loaded))
    return compare_state(before, after, sides.tolerance, sides.names)


def _kind(judgement: Judgement, sides: Sides, lost: Sequence[Pair], layer: str | None) -> tuple[Cause | None, str]:
    """Return the cause, and what is to be said of it."""
    state = _state(sides)
    if lost:
        also = f"And {state.text}." if state.text and state.cause is not judgement.cause else ""
        return judgement.cause, " ".join(filter(None, [_weights(lost, sides), also]))
    if judgement.cause in (Cause.WEIGHTS_NOT_RESTORED, Cause.ASSETS_MISSING):
        return judgement.cause, "The weights are those that were saved; this state, which is no weight, is not."
    if state.cause:  # the first load shows no layers, by which those that are named anew are found
        return state.cause, f"The weights are those that were saved; {state.text}."
    if _is_random(sides):
        text = "Weights and state agree, and a second load gives other outputs than the first: it is random."
        return Cause.NOT_DETERMINISTIC, text
    if _amplifies(sides):
        text = (
            "Weights and state agree, and moving them by their last place moves the outputs as far: it may be rounding."
        )
        return judgement.cause, text
    return judgement.cause, _computes(sides, layer)


def _amplifies(sides: Sides) -> bool:
    """Tell whether the model makes so much of rounding that nothing can be said, however large the difference is."""
    before, after = (side.arrays.get("outputs", ()) for side in (sides.saved, sides.loaded))
    return reached(before, after, sides.tolerance, rounding(sides.saved, "movement"))


def _weights(lost: Sequence[Pair], sides: Sides) -> str:
    """Say what stands in the place of the weights that did not come back."""
    which, evidence = _listed(lost), _freshness(lost, sides)
    if evidence:
        text = f"Not restored: {which}. These are fresh initial values: {evidence}."
    elif found := next(((pair, name) for pair in lost if (name := _whose(pair, sides))), None):
        text = f"Other values than were saved: {which}. {_name(found[0])} has those of {found[1]}."
    else:
        text = f"Other values than were saved, the same at every load: {which}."
    statistics = all(pair.saved.name in _STATISTICS for pair in lost)
    return f"{text} All are statistics that no optimizer trains." if statistics else text


def _freshness(lost: Sequence[Pair], sides: Sides) -> str:
    """Say how one knows that values are fresh; empty if they may be anything."""
    again = {(a.layer, a.name): a.value for a in (sides.again.arrays.get("weights", ()) if sides.again else ())}
    for pair in lost:
        other = again.get((pair.loaded.layer, pair.loaded.name))
        if other is not None and not np.array_equal(other, pair.loaded.value, equal_nan=True):
            return f"a second load gives {_name(pair)} others again"
    if not all(_is_all(pair, 0.0) or _is_all(pair, 1.0) for pair in lost):
        return ""
    values = {float(pair.loaded.value.flat[0]) for pair in lost}
    return f"all are {' or '.join(f'{value:g}' for value in sorted(values))}, as initializers have it"


def _is_all(pair: Pair, value: float) -> bool:
    return pair.loaded.value.size > 0 and bool((pair.loaded.value == value).all())


def _whose(pair: Pair, sides: Sides) -> str:
    """Return the layer whose saved weight has come to stand here; empty if there is none."""
    for array in sides.saved.arrays.get("weights", ()):
        same = array.value.shape == pair.loaded.value.shape and array.layer != pair.saved.layer
        if same and array.value.size > 1 and np.array_equal(array.value, pair.loaded.value):
            return array.layer
    return ""


def _listed(lost: Sequence[Pair]) -> str:
    more = [f"{len(lost) - _MOST_NAMES} more"] if len(lost) > _MOST_NAMES else []
    *most, last = [*(_name(pair) for pair in lost[:_MOST_NAMES]), *more]
    return f"{', '.join(most)} and {last}" if most else last


def _name(pair: Pair) -> str:
    layer, name = pair.saved.layer, pair.saved.name
    return name if layer == name else f"{name} of {layer or 'the model'}"


def _is_random(sides: Sides) -> bool:
    if sides.again is None:
        return False
    first, second = (side.arrays.get("outputs", ()) for side in (sides.loaded, sides.again))
    return compare_outputs(first, second, sides.tolerance, rounding(sides.saved, "movement")).cause is not None


def _computes(sides: Sides, layer: str | None) -> str:
    """Say that a layer does something else with the same weights, and which of its arguments differ."""
    if layer is None or sides.again is None:
        return "Weights and state agree: something is computed otherwise." if _have_weights(sides) else ""
    seen = class_of(layer, sides.saved.layers)
    which = f"{layer} ({seen})" if seen else layer
    arguments = described(layer, sides.saved.layers, sides.again.layers, sides.names)
    other = replaced(layer, sides.saved.layers, sides.again.layers)
    if other and not arguments:
        return f"Weights and state agree, and {other}; the first layer that gives something else is {which}."
    why = arguments or f"its arguments agree{_names(layer, sides)}, so what one of them means has changed"
    return f"Weights and state agree; the first layer that computes something else is {which}: {why}."


def _names(layer: str, sides: Sides) -> str:
    """Return which functions a layer goes by the names of."""
    config = next((seen.config for seen in sides.saved.layers if seen.layer == layer), {})
    named = [f"{name} is {value}" for name, value in config.items() if name.endswith(("activation", "activation_fn"))]
    return f" ({', '.join(named)})" if named else ""


def _have_weights(sides: Sides) -> bool:
    return all(side.arrays.get("weights") for side in (sides.saved, sides.loaded))
