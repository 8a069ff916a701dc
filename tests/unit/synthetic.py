"""A run as it may come out, made up from a seed: eight environments, some forty models, the failures that are known."""

import random
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, NamedTuple

from runner.model import Format
from runner.record import Cause, Comparison, EnvironmentRecord, Phase, Raised, Record, Status, Tried, Warned
from runner.results import Results, Run
from runner.verdict import answer, completed

_Outcome = dict[str, Any]
_Maker = Callable[[random.Random, "_Where"], _Outcome]

VERSIONS = {
    "tf2.8": ("3.9.18", "2.8.4", "2.8.0", "1.22.4", "3.6.0", "3.19.6"),
    "tf2.10": ("3.10.13", "2.10.1", "2.10.0", "1.23.5", "3.7.0", "3.19.6"),
    "tf2.12": ("3.11.7", "2.12.1", "2.12.0", "1.23.5", "3.9.0", "4.23.4"),
    "tf2.15": ("3.11.7", "2.15.1", "2.15.0", "1.26.4", "3.10.0", "4.25.3"),
    "tf2.16-keras3.3": ("3.12.1", "2.16.2", "3.3.3", "1.26.4", "3.11.0", "4.25.3"),
    "tf2.16-legacy": ("3.12.1", "2.16.2", "2.16.0", "1.26.4", "3.11.0", "4.25.3"),
    "tf2.18": ("3.12.1", "2.18.1", "3.6.0", "2.0.2", "3.12.1", "5.28.3"),
    "tf2.21": ("3.13.1", "2.21.0", "3.13.2", "2.3.5", "3.15.1", "6.33.2"),
}
"""Python, TensorFlow, Keras, NumPy, h5py and protobuf of each environment."""

KERAS_3 = {"tf2.16-keras3.3", "tf2.18", "tf2.21"}

FORMATS = {
    **dict.fromkeys(
        ["dense", "functional", "conv_batchnorm", "depthwise", "lstm", "gru", "bidirectional", "embedding"],
        (Format.H5, Format.KERAS, Format.SAVEDMODEL),
    ),
    **dict.fromkeys(["attention", "nested", "shared", "lambda"], (Format.H5, Format.KERAS)),
    **dict.fromkeys(["text_vectorization", "normalization"], (Format.KERAS, Format.SAVEDMODEL)),
    "custom_activation": (Format.SAVEDMODEL, Format.H5),
    "custom_activation_missing": (Format.SAVEDMODEL, Format.H5),
    "custom_loss": (Format.H5, Format.KERAS),
    "sequential_h5": (Format.H5,),
    "savedmodel_without_variables": (Format.SAVEDMODEL,),
    "weights_only": (Format.WEIGHTS_H5, Format.CHECKPOINT),
    "signature": (Format.EXPORT,),
    "tflite": (Format.TFLITE,),
}
"""Scenarios and the formats of each; some of them go wrong in ways of their own, see `RULES`."""


BROKEN = EnvironmentRecord(
    status="error",
    cause=Cause.ENVIRONMENT_IMPORT,
    explanation="TypeError: Descriptors cannot be created directly.",
)


def synthetic(
    *,
    environments: Iterable[str] = VERSIONS,
    scenarios: Iterable[str] = FORMATS,
    broken: Iterable[str] = (),
    seed: int = 1,
) -> Results:
    """
    Return the results of the shipped matrix, or of a part of it, as they may be.

    Args:
        environments: Names out of `VERSIONS`.
        scenarios: Names out of `FORMATS`.
        broken: Those of the environments that could not be made.
        seed: Of what differs from run to run, such as seconds.
    """
    chance = random.Random(seed)
    environments, broken = tuple(environments), frozenset(broken)
    cells = completed(
        _record(chance, broken, _Where(scenario, form, save, load))
        for scenario in scenarios
        for form in FORMATS[scenario]
        for save in environments
        for load in environments
    )
    return results(cells, {name: BROKEN if name in broken else _environment(*VERSIONS[name]) for name in environments})


def results(cells: tuple[Record, ...], environments: Mapping[str, EnvironmentRecord]) -> Results:
    """Return the results of a run that found these cells."""
    run = Run(
        started="2026-11-23T10:00:00Z",
        seconds=93.1,
        runner="0.1.0",
        matrix="sha256:0b5e",
        host={"system": "Linux", "machine": "x86_64", "cores": 2},
    )
    return Results(run=run, environments=environments, cells=cells, answer=answer(cells, environments))


def _environment(python: str, tensorflow: str, keras: str, numpy: str, h5py: str, protobuf: str) -> EnvironmentRecord:
    packages = {"numpy": numpy, "h5py": h5py, "protobuf": protobuf, "keras": keras}
    return EnvironmentRecord(python=python, tensorflow=tensorflow, keras=keras, packages=packages, seconds=6.1)


class _Where(NamedTuple):
    """What decides how a made-up cell comes out."""

    scenario: str
    format: Format
    save: str
    load: str

    @property
    def id(self) -> str:
        return f"{self.scenario}.{self.format}@{self.save}->{self.load}"

    @property
    def over(self) -> bool:
        """Whether Keras 2 and 3 meet."""
        return (self.save in KERAS_3) != (self.load in KERAS_3)


def _record(chance: random.Random, broken: Container[str], where: _Where) -> Record:
    """Return a cell with the outcome that its scenario, format and environments have."""
    rounded = 0.0 if where.save == where.load else 2.0**-22
    outcome: _Outcome = {"status": Status.PASS, "comparison": Comparison(max_abs=rounded, max_scaled=rounded)}
    if where.save in broken or where.load in broken:
        outcome = {"status": Status.ERROR, "cause": BROKEN.cause, "explanation": "The environment could not be made."}
    else:
        outcome = next((make(chance, where) for applies, make in RULES if applies(where)), outcome)
    common: _Outcome = {
        "attempts": 1,
        "seconds": round(chance.uniform(0.1, 0.5), 2),
        "peak_rss_mb": chance.randrange(500, 700),
        "log": f"logs/{where.id}.log",
        "reproduce": f"python -m runner run --scenario {where.scenario} --save {where.save} --load {where.load}",
    }
    return Record(id=where.id, **where._asdict(), **{**common, **outcome})


LEGACY = Tried(
    id="legacy-keras",
    status=Status.PASS,
    loses=("Keras 3, in that process",),
    how='os.environ["TF_USE_LEGACY_KERAS"] = "1"\nload_model(path)',
    comparison=Comparison(max_abs=0.0),
)
REPAIRED = Tried(
    id="repair-config",
    status=Status.PASS,
    loses=("arguments that the loading version does not know",),
    how='# python -m runner repair model.h5 --for tf2.8 -o repaired_model.h5\nload_model("repaired_model.h5")',
    comparison=Comparison(max_abs=0.0),
)
HELPLESS = Tried(id="weights-into-rebuilt-model", status=Status.FAIL, cause=Cause.WEIGHTS_MISMATCH)


def _failure(
    cause: Cause,
    error: str,
    explanation: str,
    phase: Phase = Phase.LOAD,
    sources: tuple[str, ...] = (),
    remedies: tuple[Tried, ...] = (),
) -> _Maker:
    """Return what makes failures; ``{place}`` and ``{address}`` in the error differ from cell to cell."""

    def make(chance: random.Random, _where: _Where) -> _Outcome:
        kind, _, message = error.partition(": ")
        message = message.format(
            place=f"/cells/{chance.randrange(16**8):x}", address=hex(chance.randrange(2**40, 2**44))
        )
        raised = Raised(type=kind, message=message, traceback=f"Traceback (most recent call last):\n{kind}: {message}")
        return {
            "status": Status.FAIL,
            "phase": phase,
            "cause": cause,
            "causes": (cause,),
            "explanation": explanation,
            "sources": sources,
            "exception": raised,
            "remedies": remedies,
        }

    return make


def _blocked(_: random.Random, where: _Where) -> _Outcome:
    """Return what becomes of loads whose save failed."""
    root = where._replace(load=where.save).id
    return {"status": Status.BLOCKED, "phase": Phase.SAVE, "cause": Cause.FORMAT_UNSUPPORTED, "root": root}


def _drift(chance: random.Random, _: _Where) -> _Outcome:
    """Return a model that loads and gives other outputs."""
    comparison = Comparison(
        max_abs=chance.uniform(0.01, 0.2),
        max_rel=chance.uniform(0.1, 2.0),
        max_scaled=0.05,
        max_ulp=chance.randrange(10**6),
        decisions_changed=chance.randrange(1, 5),
        decisions=16,
        weights_max_abs=0.0,
        first_layer="gru_1",
        first_layer_max_abs=0.03,
    )
    return {
        "status": Status.DRIFT,
        "phase": Phase.PREDICT,
        "cause": Cause.DECISION_CHANGED,
        "causes": (Cause.DECISION_CHANGED,),
        "explanation": "The model loads, runs, and decides otherwise.",
        "comparison": comparison,
    }


def _same(**outcome: Any) -> _Maker:
    """Return what makes every cell come out like this."""
    return lambda _chance, _where: outcome


RULES: tuple[tuple[Callable[[_Where], bool], _Maker], ...] = (
    (
        lambda at: at.format is Format.KERAS and at.save == "tf2.8",
        _same(status=Status.UNSUPPORTED, explanation="It requires tensorflow>=2.10 to save."),
    ),
    (lambda at: at.format is Format.SAVEDMODEL and at.save in KERAS_3 and at.save != at.load, _blocked),
    (
        lambda at: at.format is Format.SAVEDMODEL and at.save in KERAS_3,
        _failure(
            Cause.FORMAT_UNSUPPORTED,
            "ValueError: Invalid filepath extension for saving. Please add either a `.keras` extension for the native"
            " Keras format",
            "Keras 3 writes no SavedModel with `model.save`.",
            Phase.SAVE,
        ),
    ),
    (
        lambda at: at.scenario == "savedmodel_without_variables",
        _failure(
            Cause.ARTIFACT_INCOMPLETE,
            "NotFoundError: Could not find variables at: {place}/savedmodel/variables/variables",
            "A part of the SavedModel is missing.",
        ),
    ),
    (
        lambda at: at.format is Format.SAVEDMODEL and at.load in KERAS_3,
        _failure(
            Cause.FORMAT_UNSUPPORTED,
            "ValueError: File format not supported: filepath={place}/savedmodel. Keras 3 only supports V3 `.keras`"
            " files and legacy H5 format files (`.h5` extension). Note that the legacy SavedModel format is not"
            " supported by `load_model()` in Keras 3. In order to reload a TensorFlow SavedModel as an inference-only"
            " layer in Keras 3, use `keras.layers.TFSMLayer`.",
            "Keras 3 reads no SavedModel with `load_model`.",
            sources=("https://keras.io/guides/migrating_to_keras_3/",),
        ),
    ),
    (
        lambda at: at.scenario == "custom_activation_missing",
        _failure(
            Cause.CUSTOM_OBJECT_MISSING,
            "ValueError: Unknown layer: <class 'Scaled|Swish'>. Please ensure you are using a"
            " `keras.utils.custom_object_scope`",
            "The class was not known when loading.",
        ),
    ),
    (
        lambda at: at.scenario == "depthwise" and at.over and at.load in KERAS_3,
        _failure(
            Cause.CONFIG_KEYWORD,
            "TypeError: Error when deserializing class 'DepthwiseConv2D': unrecognized keyword arguments: ['groups']",
            "The loading version does not know the argument `groups`.",
            remedies=(LEGACY,),
        ),
    ),
    (
        lambda at: at.scenario in {"lambda", "custom_loss"} and at.over,
        _failure(
            Cause.LAMBDA_BYTECODE,
            "ValueError: bad marshal data (unknown type code) <function <lambda> at {address}>",
            "Byte code belongs to one version of Python.",
        ),
    ),
    (
        lambda at: at.format is Format.KERAS and at.over and at.save in KERAS_3,
        _failure(
            Cause.CLASS_MOVED,
            "TypeError: Could not locate class 'Functional'. Make sure custom classes are decorated.\nFull object: ...",
            "Keras 2 does not know the modules of Keras 3.",
            remedies=(HELPLESS,),
        ),
    ),
    (
        lambda at: at.format is Format.H5 and at.over and at.save in KERAS_3,
        _failure(
            Cause.CONFIG_KEYWORD,
            "TypeError: Unrecognized keyword arguments passed to InputLayer: ['batch_shape', 'optional']",
            "The loading version does not know `batch_shape`.",
            remedies=(HELPLESS, REPAIRED),
        ),
    ),
    (lambda at: at.scenario == "gru" and at.over, _drift),
    (
        lambda at: at.scenario == "tflite" and at.load == "tf2.8" and at.save == "tf2.21",
        _same(status=Status.CRASH, phase=Phase.LOAD, explanation="The process died of SIGSEGV."),
    ),
    (
        lambda at: at.scenario == "attention" and at.save == "tf2.15" and at.load == "tf2.18",
        _same(status=Status.TIMEOUT, phase=Phase.PREDICT, explanation="Ended at its limit of 120 s."),
    ),
    (
        lambda at: at.format is Format.H5 and at.over,
        _same(
            status=Status.PASS,
            warnings=(Warned(kind="optimizer-state-lost", text="The optimizer's 9 variables were not restored."),),
        ),
    ),
)
"""When -> what comes out; the first that applies does."""
