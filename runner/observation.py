"""What was seen in an environment: frozen values that judge nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from numpy.typing import NDArray
from pydantic import ConfigDict

from runner.record import Phase, Raised


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Array:
    """
    One array that a harness saw.

    Attributes:
        layer: The layer that it belongs to; empty for inputs and outputs.
        dtype: As the model knows it: ``string`` arrays hold bytes objects, ``bfloat16`` comes as float32.
        value: The array, its first axis the batch for outputs and activations.
    """

    layer: str
    name: str
    dtype: str
    value: NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSeen:
    """
    A layer of a model.

    Attributes:
        layer: Its path: names of nested models and its own, with slashes between.
        config: The arguments that it was made with, each as JSON; those that are too long are left out.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    layer: str
    class_name: str
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerSeen:
    """A compiled model's optimizer; None where its class does not say."""

    name: str
    iterations: float | None
    learning_rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """
    What was seen in an environment; it judges nothing.

    Attributes:
        phase: How far it came.
        in_scenario: Whether the exception was raised by the scenario's own line.
        unsupported: Why the script says that it does not apply here.
        own: On the save side, the names of the classes and functions that are code of the model's own, not Keras's.
        deterministic: On the save side, whether two calls gave the same outputs.
        loss: Loss of one training step, in the unit of the model's loss.
        unit: On the save side, the relative size of one rounding in the lowest precision that the model computes in.
        layers: The layers in the model's order; none where nobody asked for activations.
        notes: Extra observations that could not be made, and why.
        changes: What remedies changed on the way, in words.
        seconds: Wall-clock seconds of each part.
        arrays: By kind: inputs, targets, outputs, weights, state (what layers know besides weights), activations,
            optimizer, trained; on the save side movement and layer_movement: how far outputs, and the activations of
            each layer, move when weights and inputs move by `unit`.
    """

    phase: Phase
    exception: Raised | None = None
    in_scenario: bool = False
    unsupported: str | None = None
    own: frozenset[str] | None = None
    deterministic: bool | None = None
    optimizer: OptimizerSeen | None = None
    loss: float | None = None
    unit: float | None = None
    layers: tuple[LayerSeen, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
