"""
The nouns of the program, all of them frozen values.

They follow the words of the documentation: an environment, a scenario and a format make a cell; what a harness saw in a
cell is an observation, which judges nothing; a record is the judgement of a cell, and what results.json stores.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict


class Format(StrEnum):
    """How a model is written."""

    H5 = "h5"
    KERAS = "keras"
    SAVEDMODEL = "savedmodel"
    EXPORT = "export"
    WEIGHTS_H5 = "weights_h5"
    CHECKPOINT = "checkpoint"
    TFLITE = "tflite"

    @property
    def path(self) -> str:
        """Return where a save script writes, relative to the artifact's folder."""
        return _PATHS[self]


_PATHS = {
    Format.H5: "model.h5",
    Format.KERAS: "model.keras",
    Format.SAVEDMODEL: "savedmodel",
    Format.EXPORT: "export",
    Format.WEIGHTS_H5: "model.weights.h5",
    Format.CHECKPOINT: "checkpoint/ckpt",
    Format.TFLITE: "model.tflite",
}


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


class Backend(StrEnum):
    """What builds an environment and runs its cells."""

    NOX = "nox"
    DOCKER = "docker"


class Isolation(StrEnum):
    """What cells share where containers are used: all of an environment one container, or each has its own."""

    ENVIRONMENT = "environment"
    CONTAINER = "container"


class Call(StrEnum):
    """How a loaded Keras model is asked for its outputs."""

    CALL = "call"
    PREDICT = "predict"


class Direction(StrEnum):
    """Which pairs of environments meet; the same environment always meets itself."""

    BOTH = "both"
    UPGRADE = "upgrade"
    ROLLBACK = "rollback"


IMAGE = "python:{python}-slim"
"""The image of environments that name none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSpec:
    """
    One environment as it is to be built, every choice made.

    Attributes:
        tensorflow: Exact version, such as ``2.8.4``.
        distribution: The package that provides it: ``tensorflow-cpu`` where that release has one.
        keras: Exact version if the matrix names one; else what the resolver picks as of `as_of`.
        tf_keras: Exact version of the package ``tf-keras`` if the matrix names one.
        python: Minor version of CPython, such as ``3.9``.
        packages: Further requirements, as pip writes them.
        as_of: Nothing uploaded later is considered; None is today.
        released: Dates of the packages that the matrix names, which `as_of` never hides.
        variables: Environment variables for every process in it.
        image: Container image that it is made in; only for a backend that has images.
        isolation: What its cells share, there.
        order: Sort key of the pair: the older of two environments compares as less.
    """

    name: str
    tensorflow: str
    distribution: str
    keras: str | None = None
    tf_keras: str | None = None
    python: str
    packages: tuple[str, ...] = ()
    as_of: date | None = None
    released: tuple[tuple[str, date], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    backend: Backend = Backend.NOX
    image: str = IMAGE
    isolation: Isolation = Isolation.ENVIRONMENT
    order: tuple[tuple[int, ...], ...] = ()

    @property
    def image_name(self) -> str:
        """Return the name of the image, which may depend on the Python."""
        return self.image.replace("{python}", self.python)

    @property
    def requirements(self) -> tuple[str, ...]:
        """Return what the matrix asks for, as pip writes it."""
        keras = (f"keras=={self.keras}",) if self.keras else ()
        tf_keras = (f"tf-keras=={self.tf_keras}",) if self.tf_keras else ()
        return (f"{self.distribution}=={self.tensorflow}", *keras, *tf_keras, *self.packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How much outputs and weights may differ: ``abs(a - b) <= atol + rtol * abs(b)``."""

    rtol: float = 1.0e-5
    atol: float = 1.0e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use: wall-clock seconds, resident memory and disk in MiB, captured output in KiB."""

    seconds: float = 120.0
    memory_mb: int = 4096
    disk_mb: int = 10240
    output_kb: int = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    One thing that people save and load.

    Attributes:
        folder: Absolute path of the scenario's folder.
        load: Name of its load script in that folder; None is the format's default loader.
        requires_save: Requirements on the save environment, such as ``tensorflow>=2.4``.
        requires_load: The same on the load environment.
        training: Whether a training step that differs is a failure rather than a warning.
    """

    name: str
    folder: Path
    formats: tuple[Format, ...]
    save: str = "save.py"
    load: str | None = None
    requires_save: tuple[str, ...] = ()
    requires_load: tuple[str, ...] = ()
    tolerance: Tolerance = field(default_factory=Tolerance)
    call: Call = Call.CALL
    training: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Pairs that the matrix leaves out; `save` and `load` are globs over environment names."""

    save: str = "*"
    load: str = "*"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Which save environment meets which load environment."""

    direction: Direction = Direction.BOTH
    save: tuple[str, ...] = ("*",)
    load: tuple[str, ...] = ("*",)
    exclude: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """What matrix.yaml says, checked and completed."""

    path: Path
    digest: str
    environments: tuple[EnvironmentSpec, ...]
    scenarios: tuple[Scenario, ...]
    pairs: Pairs = field(default_factory=Pairs)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One scenario in one format, saved in one environment and loaded in another."""

    scenario: Scenario
    format: Format
    save: EnvironmentSpec
    load: EnvironmentSpec
    unsupported: str | None = None

    @property
    def id(self) -> str:
        """Return the cell's name, made for people and for globs; nothing parses it."""
        return f"{self.scenario.name}.{self.format}@{self.save.name}->{self.load.name}"


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
