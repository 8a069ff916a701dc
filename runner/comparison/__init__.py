"""
How two observations differ: outputs, weights, state, the first layer. Pure NumPy.

What is stored (weights, vocabularies) agrees or does not; what is computed may differ by what rounding does: see
`noise`.
"""

from dataclasses import replace

from runner.comparison.layers import first_difference, names
from runner.comparison.noise import EXACT, Rounding, rounding
from runner.comparison.numbers import Compared
from runner.comparison.outputs import compare_outputs
from runner.comparison.states import compare_state
from runner.comparison.weights import compare_weights, paired
from runner.model import Tolerance
from runner.observation import Observation
from runner.record import Cause, Comparison

__all__ = [
    "EXACT",
    "Compared",
    "Rounding",
    "compare",
    "compare_outputs",
    "compare_state",
    "compare_weights",
    "first_difference",
    "paired",
    "rounding",
]


def compare(saved: Observation, loaded: Observation, tolerance: Tolerance) -> Compared:
    """
    Compare what a model gave before saving with what it gave after loading.

    Outputs are not compared where the model is not deterministic; weights and state are, where both sides show them.
    State that differs matters if outputs do, or if nobody can tell whether they do.

    Args:
        saved: Outputs of shape ``(batch, *features)``, weights and state by layer.
        tolerance: Relative (dimensionless) and absolute (in the output's unit).
    """
    outputs = compare_outputs(
        saved.arrays.get("outputs", ()), loaded.arrays.get("outputs", ()), tolerance, rounding(saved, "movement")
    )
    if saved.deterministic is False:
        outputs = Compared(cause=None, comparison=Comparison())
    before, after = (side.arrays.get("weights", ()) for side in (saved, loaded))
    weights = compare_weights(before, after, tolerance, exchanged=outputs.cause is not None)
    state = Compared(cause=None, comparison=Comparison())
    if outputs.cause or saved.deterministic is False:
        state = compare_state(
            saved.arrays.get("state", ()), loaded.arrays.get("state", ()), tolerance, names(saved.layers, loaded.layers)
        )
    first = _first(outputs, weights, state)
    comparison = replace(outputs.comparison, weights_max_abs=weights.comparison.weights_max_abs)
    noise = outputs.noise if first.cause is None else ""
    return Compared(cause=first.cause, comparison=comparison, text=_said(first, outputs), noise=noise)


def _first(outputs: Compared, weights: Compared, state: Compared) -> Compared:
    """Return what explains the rest: words that are lost change shapes too, other weights do not."""
    if state.cause is Cause.ASSETS_MISSING:
        return state
    if outputs.cause in (Cause.SHAPE_CHANGED, Cause.DTYPE_CHANGED):
        return outputs
    return next((each for each in (weights, state) if each.cause), outputs)


def _said(first: Compared, outputs: Compared) -> str:
    """Say what it does to the outputs, too."""
    return first.text if first is outputs or not outputs.text else f"{first.text}; {outputs.text}"
