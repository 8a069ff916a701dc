"""
The shapes of matrix.yaml: what may stand where, for pydantic to check and for editors to complete.

What spans several entries, or needs the disk or the table of releases, is checked in `runner.matrix`.
"""

import re
from datetime import date
from typing import Annotated, Any, Literal

from packaging.requirements import Requirement
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema

from runner.model import IMAGE, Backend, Call, Direction, Format, Isolation
from runner.releases import newest_of_each_minor, parse_requirement
from runner.wording import shown

NAME = r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$"  # names of environments and scenarios become names of files
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_DAY = r"^(today|[0-9]{4}-[0-9]{2}-[0-9]{2})$"
_IMAGE = r"^(\{python\}|[A-Za-z0-9._/:@-])+$"
LONGEST_GLOB = 200  # characters; fnmatch looks through all that follows for each [
_WEEK = 7 * 24 * 60 * 60  # seconds


def _requirement(text: str) -> str:
    try:
        Requirement(text)
    except (ValueError, RecursionError):  # the latter for parentheses, before packaging counts them
        raise ValueError(f"{shown(text)} is no requirement; write it as for pip, like 'h5py<3'") from None
    return text.strip()


def _condition(text: str) -> str:
    parse_requirement(text)
    return text.strip()


def _day(text: str) -> str:
    try:
        if re.fullmatch(_DAY, text) and text != "today":
            date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is no date: {error}") from None
    if not re.fullmatch(_DAY, text):
        raise ValueError(f"{shown(text)} is no date; write it like '2020-06-01', or 'today'")
    return text


def _image(text: str) -> str:
    if not re.fullmatch(_IMAGE, text):
        raise ValueError(f"{shown(text)} is no image; write it as for docker, like 'python:{{python}}-slim'")
    return text


def _range(text: str) -> str:
    newest_of_each_minor(text)
    return text


def _reason(text: str) -> str:
    if not text.strip():
        raise ValueError("the reason is empty; say why these pairs are left out")
    return text.strip()


def _in_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Name = Annotated[str, StringConstraints(pattern=NAME)]
VersionText = Annotated[str, Field(examples=["2.15", "2.15.1"])]
Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"pattern": _DAY})]
Image = Annotated[
    str,
    AfterValidator(_image),
    Field(
        examples=["python:{python}-slim", "registry.example.com/ml/base:2026.1"], json_schema_extra={"pattern": _IMAGE}
    ),
]
Glob = Annotated[str, Field(max_length=LONGEST_GLOB, examples=["tf2.*"])]
Globs = Annotated[tuple[Glob, ...], Field(strict=False, min_length=1)]
Conditions = Annotated[
    tuple[Annotated[str, AfterValidator(_condition)], ...],
    Field(strict=False),
    BeforeValidator(_in_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
OnlySuchNames = Field(json_schema_extra={"additionalProperties": False})


class Shape(BaseModel):
    """A mapping with known keys; a key with nothing behind it is one that is not there."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, data: Any) -> Any:
        if data is None:
            return {}
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class EnvironmentShape(Shape):
    """One isolated Python with a TensorFlow/Keras pair; everything else is chosen as of its release."""

    tensorflow: VersionText
    """The version of TensorFlow, or its beginning: "2.15" is the newest 2.15.x."""

    keras: VersionText | None = None
    """The version of Keras; by default the one that comes with that TensorFlow."""

    tf_keras: Annotated[VersionText | None, Field(alias="tf-keras")] = None
    """The version of tf-keras, which serves tf.keras if variables say TF_USE_LEGACY_KERAS: "1"."""

    python: Annotated[str | None, Field(examples=["3.11"])] = None
    """The minor version of Python; by default one that has wheels of that TensorFlow."""

    packages: Annotated[tuple[Annotated[str, AfterValidator(_requirement)], ...], Field(strict=False)] = ()
    """Further requirements, as pip writes them, such as "h5py<3"."""

    as_of: Day | None = None
    """No package that was uploaded after this date is considered; by default two weeks after the release."""

    variables: Annotated[dict[Annotated[str, StringConstraints(pattern=VARIABLE)], str], OnlySuchNames] = {}
    """Environment variables for everything that runs in it."""

    backend: Annotated[Backend | None, Field(strict=False)] = None
    """What builds this environment; by default what the whole matrix says."""

    image: Image | None = None
    """The container image that docker makes it in, {python} being its minor version; by default the whole matrix's."""

    isolation: Annotated[Isolation | None, Field(strict=False)] = None
    """What its cells share in docker; by default what the whole matrix says."""


class ReleasesShape(Shape):
    """Environments that are generated: tf2.8, tf2.9 and so on, each with the newest patch of its minor version."""

    tensorflow: Annotated[str, AfterValidator(_range), Field(examples=[">=2.8,<2.22"])]
    """The range of TensorFlow."""


class ExclusionShape(Shape):
    """Pairs that are left out."""

    save: Glob = "*"
    """Glob over the names of save environments."""

    load: Glob = "*"
    """Glob over the names of load environments."""

    reason: Annotated[str, AfterValidator(_reason)]
    """Why."""


class PairsShape(Shape):
    """Which save environment meets which load environment; by default all meet all."""

    direction: Annotated[Direction, Field(strict=False)] = Direction.BOTH
    """Upgrade is from old to new, rollback from new to old; each environment meets itself in all of them."""

    save: Globs = ("*",)
    """Globs over the names of save environments."""

    load: Globs = ("*",)
    """Globs over the names of load environments."""

    exclude: Annotated[tuple[ExclusionShape, ...], Field(strict=False)] = ()
    """Pairs that are left out, each with its reason."""


class ToleranceShape(Shape):
    """How much outputs and weights may differ: abs(a - b) <= atol + rtol * abs(b)."""

    rtol: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0e-5
    """Relative tolerance."""

    atol: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0e-6
    """Absolute tolerance, in the output's unit."""


class LimitsShape(Shape):
    """What one save or load may use."""

    seconds: Annotated[float, Field(gt=0, le=_WEEK, allow_inf_nan=False)] = 120.0
    """Wall-clock time in seconds."""

    memory_mb: Annotated[int, Field(gt=0, le=2**30)] = 4096
    """Resident memory in MiB."""

    disk_mb: Annotated[int, Field(gt=0, le=2**30)] = 10240
    """What it may leave or have in its folder, in MiB on the disk."""

    output_kb: Annotated[int, Field(gt=0, le=2**30)] = 256
    """How much of what it prints is kept, in KiB."""


class RequiresShape(Shape):
    """What the environments must have; a cell outside is unsupported, with this as its reason."""

    save: Conditions = ()
    """Requirements on the save environment, such as "tensorflow>=2.4"; over tensorflow, keras, tf-keras and python."""

    load: Conditions = ()
    """Requirements on the load environment."""


class ScenarioShape(Shape):
    """One thing that people save and load."""

    formats: Annotated[
        tuple[Annotated[Format, Field(strict=False)], ...],
        Field(strict=False, min_length=1, json_schema_extra={"uniqueItems": True}),
    ]
    """The formats that it is written in."""

    folder: Annotated[str, Field(min_length=1)] | None = None
    """Its folder, relative to this file; by default scenarios/NAME."""

    save: Annotated[str, Field(min_length=1)] = "save.py"
    """Its save script, in that folder."""

    load: Annotated[str, Field(min_length=1)] | None = None
    """Its load script, in that folder; by default load.py if there is one, else the format's own loader."""

    requires: RequiresShape = RequiresShape()
    """Outside of this its cells are unsupported."""

    tolerance: ToleranceShape = ToleranceShape()
    """How much outputs and weights may differ; what is not given is as in the whole matrix."""

    call: Annotated[Call, Field(strict=False)] = Call.CALL
    """How a Keras model is asked for its outputs: model(inputs), or model.predict(inputs)."""

    training: Literal["report", "compare"] = "report"
    """Whether a training step that differs is only reported, or a failure."""


class Document(Shape):
    """A matrix of TensorFlow/Keras environments, and of scenarios that are saved in one and loaded in another."""

    model_config = ConfigDict(
        title="matrix.yaml",
        json_schema_extra={
            "required": ["version", "scenarios"],
            "anyOf": [{"required": ["environments"]}, {"required": ["releases"]}],
        },
    )

    version: Literal[1]
    """The version of this file's format."""

    environments: Annotated[dict[Name, EnvironmentShape], OnlySuchNames] = {}
    """The environments, by name."""

    releases: ReleasesShape | None = None
    """Environments for a whole range of releases; one of the same name under environments takes precedence."""

    pairs: PairsShape = PairsShape()
    """Which of them meet."""

    scenarios: Annotated[dict[Name, ScenarioShape], OnlySuchNames] = {}
    """The scenarios, by name."""

    tolerance: ToleranceShape = ToleranceShape()
    """How much outputs and weights may differ."""

    limits: LimitsShape = LimitsShape()
    """What one save or load may use."""

    backend: Annotated[Backend, Field(strict=False)] = Backend.NOX
    """What builds the environments and runs the cells."""

    image: Image = IMAGE
    """The container image that docker makes an environment in; {python} is the environment's minor version."""

    isolation: Annotated[Isolation, Field(strict=False)] = Isolation.ENVIRONMENT
    """What cells share in docker: those of an environment one container, or each has a container of its own."""


def shape_at(route: tuple[str | int, ...]) -> type[Shape]:
    """Return the shape of the mapping that the keys and indexes of a route lead to."""
    match route:
        case ("environments", _):
            return EnvironmentShape
        case ("scenarios", _):
            return ScenarioShape
        case ("scenarios", _, "requires"):
            return RequiresShape
        case ("tolerance",) | ("scenarios", _, "tolerance"):
            return ToleranceShape
        case ("pairs", "exclude", _):
            return ExclusionShape
        case ("pairs",):
            return PairsShape
        case ("limits",):
            return LimitsShape
        case ("releases",):
            return ReleasesShape
        case _:
            return Document


class _Schema(GenerateJsonSchema):
    """pydantic's own, without the titles that only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002, the signature is pydantic's
        return False


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of matrix.yaml, for editors."""
    schema = Document.model_json_schema(schema_generator=_Schema)
    return {"$schema": _Schema.schema_dialect, **schema}
