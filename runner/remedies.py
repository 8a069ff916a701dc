"""
A failed cell -> what to try next: further ways to load, as jobs of the same kind. Pure.

A remedy is named by a step, such as ``compile-false`` or ``re-save-through:tf2.15/h5``; steps combine. What can apply
follows from the cause; what is tried first follows from what it loses. Adding a remedy is a row in `REMEDIES`, and
what it does to a job, in runner/harness/remedies.py or runner/execution/rescue.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from runner import releases
from runner.model import EnvironmentSpec, Format
from runner.record import Cause, Phase, Status

MOST = 14
"""How many ways are tried for one cell until one passes."""
MOST_THROUGH = 6
"""How many of them may lead through another environment."""


class Mode(StrEnum):
    """How many remedies are tried for a cell that fails."""

    FIRST = "first"
    ALL = "all"
    NONE = "none"


class Kind(StrEnum):
    """What a remedy changes."""

    ARGUMENT = "argument"
    FILE = "file"
    LOADER = "loader"
    ENVIRONMENT = "environment"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """
    One row of the table.

    Attributes:
        causes: Of which failures it can be the way out; None is any that a load can have.
        formats: What it applies to.
    """

    id: str
    kind: Kind
    causes: frozenset[Cause] | None
    formats: frozenset[Format]
    loses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a cell, or an attempt at it, ended."""

    status: Status
    phase: Phase | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    What is known of a cell that fails, besides how.

    Attributes:
        own: Names of the classes and functions that the save script's folder defines; None if that is not known.
        script: Whether the scenario has a load script of its own.
        compiled: Whether the model had an optimizer when it was saved.
        trusted: Whether code from the artifact may be run.
        environments: Those of the matrix, through which an artifact may be led.
    """

    format: Format
    save: EnvironmentSpec
    load: EnvironmentSpec
    own: tuple[str, ...] | None = None
    script: bool = False
    compiled: bool = True
    trusted: bool = False
    environments: tuple[EnvironmentSpec, ...] = ()


_MODELS = frozenset({Format.H5, Format.KERAS, Format.SAVEDMODEL})
_GRAPHS = frozenset({Format.SAVEDMODEL, Format.EXPORT})
_WEIGHTS = frozenset({Format.WEIGHTS_H5, Format.CHECKPOINT})
_CONFIGURED = frozenset(
    {
        Cause.CONFIG_KEYWORD,
        Cause.CLASS_MOVED,
        Cause.CONFIG_STRUCTURE,
        Cause.CUSTOM_OBJECT_MISSING,
        Cause.LOSS_OR_METRIC_UNRESOLVED,
        Cause.OPTIMIZER_CONFIG,
        Cause.UNRECOGNISED,
    }
)
_WHOLE = frozenset(Cause) - {Cause.ARTIFACT_INCOMPLETE}  # whoever loads a file that is not whole misses the same
_DRIFTS = frozenset({Cause.NUMERIC_DRIFT, Cause.DECISION_CHANGED, Cause.WEIGHTS_NOT_RESTORED, Cause.SHAPE_CHANGED})
_COMPILED = frozenset({Cause.OPTIMIZER_STATE, Cause.WEIGHTS_MISMATCH})

_GRAPH_ONLY = ("layers", "training", "optimizer", "metrics")

REMEDIES: Mapping[str, Remedy] = MappingProxyType(
    {
        remedy.id: remedy
        for remedy in (
            Remedy(
                id="custom-objects",
                kind=Kind.ARGUMENT,
                causes=(_CONFIGURED | {Cause.LAMBDA_BYTECODE}) - {Cause.CONFIG_KEYWORD, Cause.CLASS_MOVED},
                formats=_MODELS,
            ),
            Remedy(
                id="legacy-keras",
                kind=Kind.ENVIRONMENT,
                causes=_WHOLE,
                formats=_MODELS | _WEIGHTS,
                loses=("Keras 3, in that process",),
            ),
            Remedy(
                id="rename-suffix",
                kind=Kind.FILE,
                causes=frozenset({Cause.FORMAT_UNSUPPORTED, Cause.ARTIFACT_CORRUPT, Cause.UNRECOGNISED}),
                formats=frozenset({Format.H5, Format.KERAS, Format.WEIGHTS_H5}),
            ),
            Remedy(
                id="safe-mode-off",
                kind=Kind.ARGUMENT,
                causes=frozenset({Cause.UNSAFE_DESERIALIZATION}),
                formats=_MODELS,
                loses=("safe mode: code from the file runs",),
            ),
            Remedy(
                id="compile-false",
                kind=Kind.ARGUMENT,
                causes=(_CONFIGURED | _COMPILED) - {Cause.CONFIG_KEYWORD, Cause.CLASS_MOVED},
                formats=_MODELS,
                loses=("optimizer", "metrics"),
            ),
            Remedy(
                id="repair-config",
                kind=Kind.FILE,
                causes=_CONFIGURED | _DRIFTS | {Cause.WEIGHTS_MISMATCH, Cause.UNSAFE_DESERIALIZATION},
                formats=_MODELS,
                loses=("arguments that the loading version does not know",),
            ),
            Remedy(
                id="repair-weights",
                kind=Kind.FILE,
                causes=frozenset({Cause.WEIGHTS_MISMATCH, Cause.WEIGHTS_NOT_RESTORED, Cause.CONFIG_STRUCTURE}),
                formats=frozenset({Format.KERAS, Format.WEIGHTS_H5}),
                loses=("optimizer",),
            ),
            Remedy(
                id="weights-into-rebuilt-model",
                kind=Kind.LOADER,
                causes=None,
                formats=_MODELS | _WEIGHTS | {Format.EXPORT},
                loses=("stored configuration", "optimizer", "metrics"),
            ),
            Remedy(
                id="call-as-traced",
                kind=Kind.ARGUMENT,
                causes=frozenset({Cause.SIGNATURE_MISMATCH}),
                formats=_GRAPHS,
                loses=("the model's own call",),
            ),
            Remedy(
                id="tfsm-layer",
                kind=Kind.LOADER,
                causes=_WHOLE - {Cause.OP_MISSING},
                formats=_GRAPHS,
                loses=_GRAPH_ONLY,
            ),
            Remedy(
                id="saved-model-load",
                kind=Kind.LOADER,
                causes=_WHOLE - {Cause.OP_MISSING},
                formats=_GRAPHS,
                loses=_GRAPH_ONLY,
            ),
            Remedy(
                id="re-save-through",
                kind=Kind.CHAIN,
                causes=_WHOLE,
                formats=_MODELS,
                loses=("a step in another environment",),
            ),
            Remedy(
                id="pin",
                kind=Kind.ENVIRONMENT,
                causes=frozenset({Cause.NUMPY_ABI, Cause.H5PY_API, Cause.PROTOBUF_API}),
                formats=frozenset(Format),
                loses=("the newer package",),
            ),
        )
    }
)
"""In the order of what they lose."""

_PINS = {Cause.NUMPY_ABI: "numpy<2", Cause.H5PY_API: "h5py<3", Cause.PROTOBUF_API: "protobuf<3.21"}
_HOPELESS = frozenset({Cause.OUT_OF_MEMORY, Cause.DISK_FULL, Cause.SCENARIO_ERROR})
_ORDER = tuple(REMEDIES)
_ZIPPED = Version("2.13")  # the first Keras whose .keras is a zip archive by default
_COPIES_ON_READ = Version("2.9")


def can_be_tried(failure: Failure) -> bool:
    """Tell whether there is an artifact, and it did not load as it was saved."""
    tried = failure.status in (Status.FAIL, Status.DRIFT, Status.CRASH, Status.TIMEOUT)
    pinned = failure.status is Status.ERROR and failure.cause in _PINS
    return pinned or (tried and failure.phase is not Phase.SAVE and failure.cause not in _HOPELESS)


def candidates(case: Case, failure: Failure, taken: Sequence[str] = ()) -> Iterator[str]:
    """
    Yield the steps that can help against a failure, in the order of what they lose.

    Args:
        taken: The steps that led to this failure, with which one more is combined.
    """
    if not can_be_tried(failure):
        return
    used = {_name(step) for step in taken}
    loader = any(REMEDIES[name].kind in (Kind.LOADER, Kind.CHAIN) for name in used)
    for remedy in REMEDIES.values():
        if remedy.id in used or (loader and remedy.kind in (Kind.LOADER, Kind.CHAIN)) or not _fits(remedy, failure):
            continue
        yield from (step for step in _steps(remedy, case, failure, used) if _format(case, taken) in remedy.formats)


def combined(taken: Sequence[str], step: str) -> tuple[str, ...]:
    """
    Return the steps with one more, in the order in which they are named.

    A loader of its own is given no arguments and reads no configuration: what changed those is left out again.
    """
    kept = [each for each in taken if step_kind(step) is not Kind.LOADER or _matters_to_loaders(each)]
    return tuple(sorted((*kept, step), key=lambda each: _ORDER.index(_name(each))))


def step_kind(step: str) -> Kind:
    """Return what a step changes."""
    return REMEDIES[_name(step)].kind


def _matters_to_loaders(step: str) -> bool:
    return step_kind(step) in (Kind.ENVIRONMENT, Kind.CHAIN) or step == "rename-suffix"


def joins(step: str) -> bool:
    """Tell whether others can be combined with a step that brought another failure to light."""
    return step_kind(step) is not Kind.LOADER


def loses(steps: Sequence[str]) -> tuple[str, ...]:
    """Return what is given up with several steps."""
    lost = [loss for step in steps for loss in REMEDIES[_name(step)].loses]
    led = through(steps)
    return tuple(dict.fromkeys([*lost, *(_GRAPH_ONLY if led and led[1] is Format.EXPORT else ())]))


def needs_trust(case: Case, failure: Failure) -> bool:
    """Tell whether a remedy was left out because it runs code from the file."""
    return not case.trusted and _fits(REMEDIES["safe-mode-off"], failure)


def in_child(steps: Sequence[str]) -> tuple[str, ...]:
    """Return the steps that a harness does."""
    return tuple(step for step in steps if REMEDIES[_name(step)].kind not in (Kind.ENVIRONMENT, Kind.CHAIN))


def through(steps: Sequence[str]) -> tuple[str, Format] | None:
    """Return the environment that the artifact is led through and the format that it writes, if it is."""
    for step in steps:
        if _name(step) == "re-save-through":
            name, _, file_format = step.partition(":")[2].rpartition("/")
            return name, Format(file_format)
    return None


def environment(spec: EnvironmentSpec, steps: Sequence[str]) -> EnvironmentSpec:
    """Return the environment to load in: another one for ``legacy-keras`` and for a pin."""
    for step in steps:
        if step == "legacy-keras":
            spec = _with_tf_keras(spec)
        elif _name(step) == "pin":
            spec = pinned(spec, step.partition(":")[2])
    return spec


def pinned(spec: EnvironmentSpec, requirement: str) -> EnvironmentSpec:
    """Return an environment with one requirement more, in the place of those on the same package."""
    package = canonicalize_name(Requirement(requirement).name)
    others = (each for each in spec.packages if canonicalize_name(Requirement(each).name) != package)
    return replace(spec, name=f"{spec.name}+{requirement}", packages=(*others, requirement))


def keras_3(spec: EnvironmentSpec) -> bool:
    """Tell whether ``tf.keras`` is Keras 3 there."""
    return _keras(spec).major >= 3


def zips(spec: EnvironmentSpec) -> bool:
    """Tell whether ``.keras`` is an archive there."""
    return _keras(spec) >= _ZIPPED


def exports(spec: EnvironmentSpec) -> bool:
    """Tell whether models have a method ``export`` there."""
    return _keras(spec) >= _ZIPPED


def _keras(spec: EnvironmentSpec) -> Version:
    return Version(releases.expected_keras(spec) or "0")


def _name(step: str) -> str:
    return step.partition(":")[0]


def _format(case: Case, taken: Sequence[str]) -> Format:
    led = through(taken)
    return led[1] if led else case.format


def _fits(remedy: Remedy, failure: Failure) -> bool:
    if failure.status is Status.ERROR:
        return remedy.id == "pin"
    if remedy.kind is Kind.ARGUMENT and failure.status in (Status.CRASH, Status.TIMEOUT):
        return False  # no argument was seen to end what never ends, and each costs its limit of seconds
    return remedy.causes is None or (failure.cause or Cause.UNRECOGNISED) in remedy.causes


def _steps(remedy: Remedy, case: Case, failure: Failure, used: set[str]) -> Iterator[str]:
    """Yield what a remedy means in this case: nothing, itself, or itself with every choice that it leaves."""
    modern = keras_3(case.load) and "legacy-keras" not in used
    match remedy.id:
        case "custom-objects" if case.own == ():
            return
        case "compile-false" if not case.compiled:
            return
        case "legacy-keras" if not modern or keras_3(case.save) or Version(case.load.tensorflow) < Version("2.16"):
            return
        case "safe-mode-off" if not case.trusted:
            return
        case "tfsm-layer" if not modern:
            return
        case "saved-model-load" if case.format is Format.EXPORT and not case.script:
            return
        case "re-save-through":
            yield from (f"{remedy.id}:{name}/{file_format}" for name, file_format in _ways_through(case))
        case "pin":
            yield f"{remedy.id}:{_PINS[failure.cause or Cause.UNRECOGNISED]}"
        case _:
            yield remedy.id


def _ways_through(case: Case) -> list[tuple[str, Format]]:
    """Return the environments that may read the artifact, the one that wrote it first, and what they write for us."""
    others = [spec for spec in case.environments if spec.name != case.load.name]
    apart = {spec.name: _distance(spec, case) for spec in others}
    ways = [
        (spec.name, file_format)
        for spec in sorted(others, key=lambda spec: apart[spec.name])
        for file_format in (Format.H5, Format.KERAS, Format.SAVEDMODEL, Format.EXPORT)
        if _bridges(spec, file_format, case)
    ]
    ways.sort(key=lambda way: way[1] is Format.EXPORT)  # it loses the layers, so it comes after what keeps them
    return ways[:MOST_THROUGH]


def _distance(spec: EnvironmentSpec, case: Case) -> tuple[bool, bool, int]:
    """Put the environment that saved first, then those between the two, the closest to the load environment first."""
    low, high = sorted((case.save.order, case.load.order))
    place = sorted(each.order for each in case.environments)
    steps = abs(place.index(spec.order) - place.index(case.load.order)) if case.load.order in place else 0
    return (spec.name != case.save.name, not low <= spec.order <= high, steps)


def _bridges(spec: EnvironmentSpec, file_format: Format, case: Case) -> bool:
    """Tell whether an environment may read the artifact and write a format that the load environment reads."""
    if spec.name == case.save.name and file_format is case.format:
        return False
    if case.format in _MODELS and keras_3(case.save) and not keras_3(spec):
        return False
    if case.format is Format.SAVEDMODEL and keras_3(spec):
        return False
    if case.format is Format.EXPORT or not _reads_suffix(spec, case):
        return False
    writer, reader = _keras(spec), _keras(case.load)
    match file_format:
        case Format.H5:
            # Keras 2 takes what Keras 3 wrote where its configuration is repaired, which is then the next step.
            return writer.major < 3 or reader.major >= 3 or case.format is Format.KERAS
        case Format.KERAS:
            return (writer.major >= 3) == (reader.major >= 3) and writer >= _ZIPPED <= reader
        case Format.SAVEDMODEL:
            return writer.major < 3 and reader.major < 3 and _runs_graphs(spec, case.load)
        case _:
            return _runs_graphs(spec, case.load)


def _reads_suffix(spec: EnvironmentSpec, case: Case) -> bool:
    """Tell whether ``.keras`` is to an environment what it was to the one that wrote it: HDF5, or a zip archive."""
    if case.format is not Format.KERAS:
        return True
    return _keras(spec).major < 3 if _keras(case.save) < _ZIPPED else _keras(spec) >= _ZIPPED


def _runs_graphs(writer: EnvironmentSpec, reader: EnvironmentSpec) -> bool:
    """
    Tell whether the function that every SavedModel has for saving may be known to the one who reads it.

    Source:
        https://github.com/tensorflow/tensorflow/issues/62229: the op DisableCopyOnRead, not in 2.8 and in 2.10.
    """
    return Version(writer.tensorflow) < _COPIES_ON_READ or Version(reader.tensorflow) >= _COPIES_ON_READ


def _with_tf_keras(spec: EnvironmentSpec) -> EnvironmentSpec:
    """
    Return an environment whose ``tf.keras`` is tf_keras, the Keras 2 of that TensorFlow.

    Raises:
        releases.CompletionError: If there is no tf-keras for it.
    """
    return releases.complete(
        name=f"{spec.name}+tf-keras",
        tensorflow=spec.tensorflow,
        keras=spec.keras,
        tf_keras=".".join(spec.tensorflow.split(".")[:2]),
        python=spec.python,
        packages=spec.packages,
        as_of=spec.as_of or "today",
        variables=(*spec.variables, ("TF_USE_LEGACY_KERAS", "1")),
        backend=spec.backend,
    )
