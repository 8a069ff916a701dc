"""
What came of it: the nouns of results.json, all of them frozen values.

A record is the judgement of a cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict

from runner.model import Backend, Format


class Status(StrEnum):
    """The judgement of a cell."""

    PASS = "pass"
    DRIFT = "drift"
    FAIL = "fail"
    CRASH = "crash"
    TIMEOUT = "timeout"
    BLOCKED = "blocked"
    UNSUPPORTED = "unsupported"
    ERROR = "error"


class Phase(StrEnum):
    """How far a cell came: everything on the save side is ``save``."""

    SAVE = "save"
    LOAD = "load"
    PREDICT = "predict"
    TRAIN = "train"


class Cause(StrEnum):
    """Why a cell is not ``pass``."""

    FORMAT_UNSUPPORTED = "format-unsupported"
    CUSTOM_OBJECT_MISSING = "custom-object-missing"
    CONFIG_KEYWORD = "config-keyword"
    CLASS_MOVED = "class-moved"
    CONFIG_STRUCTURE = "config-structure"
    LAMBDA_BYTECODE = "lambda-bytecode"
    UNSAFE_DESERIALIZATION = "unsafe-deserialization"
    LOSS_OR_METRIC_UNRESOLVED = "loss-or-metric-unresolved"
    OPTIMIZER_CONFIG = "optimizer-config"
    OPTIMIZER_STATE = "optimizer-state"
    WEIGHTS_MISMATCH = "weights-mismatch"
    ASSETS_MISSING = "assets-missing"
    OP_MISSING = "op-missing"
    ARTIFACT_INCOMPLETE = "artifact-incomplete"
    ARTIFACT_CORRUPT = "artifact-corrupt"
    SIGNATURE_MISMATCH = "signature-mismatch"
    H5PY_API = "h5py-api"
    PROTOBUF_API = "protobuf-api"
    NUMPY_ABI = "numpy-abi"
    PYTHON_VERSION = "python-version"
    NUMERIC_DRIFT = "numeric-drift"
    WEIGHTS_NOT_RESTORED = "weights-not-restored"
    SHAPE_CHANGED = "shape-changed"
    DTYPE_CHANGED = "dtype-changed"
    NOT_FINITE = "not-finite"
    DECISION_CHANGED = "decision-changed"
    NOT_DETERMINISTIC = "not-deterministic"
    ENVIRONMENT_UNRESOLVABLE = "environment-unresolvable"
    ENVIRONMENT_INSTALL = "environment-install"
    ENVIRONMENT_IMPORT = "environment-import"
    OUT_OF_MEMORY = "out-of-memory"
    DISK_FULL = "disk-full"
    SCENARIO_ERROR = "scenario-error"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A Python exception as its text."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    type: str
    message: str
    traceback: str = ""

    @property
    def first_line(self) -> str:
        """Return ``Type: first line of the message``."""
        lines = self.message.strip().splitlines()
        return f"{self.type}: {lines[0]}" if lines else self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    How what was loaded differs from what was saved.

    Attributes:
        max_abs: Largest absolute difference of an output, in the output's unit.
        max_rel: Largest relative difference of an output, dimensionless.
        max_scaled: Largest absolute difference of an output, by that output's largest value, dimensionless.
        max_ulp: Largest distance in units in the last place; None where the dtypes are not the same floats.
        decisions_changed: Samples whose argmax (or sign, for one output) changed.
        decisions: Samples that were compared.
        weights_max_abs: Largest absolute difference of a weight; None where one side shows no weights.
        first_layer: First layer whose activations differ; where they are not known, whose weights, state or config do.
        first_layer_max_abs: By how much its activations differ.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    max_abs: float | None = None
    max_rel: float | None = None
    max_scaled: float | None = None
    max_ulp: int | None = None
    decisions_changed: int = 0
    decisions: int = 0
    weights_max_abs: float | None = None
    first_layer: str | None = None
    first_layer_max_abs: float | None = None

    @property
    def shows_nothing(self) -> bool:
        """Tell whether neither outputs nor weights were compared."""
        return self.max_abs is None and self.weights_max_abs is None and not self.decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something lost or odd in a cell whose outputs and weights agree."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """
    A remedy that was run in the load environment, and what came of it.

    Attributes:
        id: The remedies that were combined, joined by ``+``, such as ``custom-objects+compile-false``.
        status: ``pass`` only if it ran and gave the saved outputs; ``drift`` if it loads and gives other numbers.
        loses: What a reader gives up with it, such as ``optimizer``.
        how: Code, or a command, that does it.
        cause: Why it did not pass.
        error: First line of the exception, if it raised one.
        changes: What it changed on the way, in words.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    id: str
    status: Status
    loses: tuple[str, ...] = ()
    how: str = ""
    comparison: Comparison | None = None
    cause: Cause | None = None
    explanation: str = ""
    error: str = ""
    changes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """
    Which difference between the two environments of a cell breaks it.

    Attributes:
        component: ``python``, ``tensorflow``, ``keras``, ``h5py``, ``numpy`` or ``protobuf``.
        save: Its version where the model was saved.
        load: Its version where it was loaded.
        cleared: Components that also differ, and were seen to have no part in it.
        text: The same in a sentence.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    component: str | None = None
    save: str | None = None
    load: str | None = None
    cleared: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """
    One of several tries that did not come out alike.

    Attributes:
        job: ``save`` or ``load``: what was tried.
        how: How its process ended, such as ``SIGSEGV``, ``timeout`` or ``exit 1``.
        fresh: Whether in a new process, rather than in a fork of one that had imported TensorFlow.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    job: str
    status: Status
    phase: Phase | None = None
    cause: Cause | None = None
    explanation: str = ""
    how: str = ""
    fresh: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    The judgement of one cell, as results.json stores it.

    Attributes:
        attempts: How many processes it took.
        tries: What came of each, its save included, where they did not come out alike; else none.
        expected: Whether it came out as the baseline says; without a baseline, whether it passes or is unsupported.
        accepted: The reason for which the baseline accepts that it does not pass; None if it does not.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    id: str
    scenario: str
    format: Format
    save: str
    load: str
    status: Status
    phase: Phase | None = None
    cause: Cause | None = None
    explanation: str = ""
    sources: tuple[str, ...] = ()
    exception: Raised | None = None
    comparison: Comparison | None = None
    causes: tuple[Cause, ...] = ()
    root: str | None = None
    with_itself: Status | None = None
    warnings: tuple[Warned, ...] = ()
    remedies: tuple[Tried, ...] = ()
    blame: Blame | None = None
    expected: bool = False
    accepted: str | None = None
    attempts: int = 0
    tries: tuple[Attempt, ...] = ()
    seconds: float = 0.0
    peak_rss_mb: int | None = None
    log: str | None = None
    reproduce: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRecord:
    """
    One environment as it was really made: the versions are those that were imported.

    Attributes:
        image: The container image that it was made in, with its digest.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    python: str | None = None
    tensorflow: str | None = None
    keras: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    backend: Backend = Backend.NOX
    image: str | None = None
    status: str = "ready"
    cause: Cause | None = None
    explanation: str = ""
    seconds: float = 0.0
