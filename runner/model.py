"""
What is asked: the nouns of matrix.yaml, all of them frozen values.

An environment to save in, one to load in, a scenario and a format make a cell. What a harness sees in a cell is an
observation, which judges nothing; what that means is a record.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path


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
