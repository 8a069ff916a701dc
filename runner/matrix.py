"""
matrix.yaml -> Matrix: the only reader of it.

All mistakes are reported at once, each with its line and column: those of YAML (`runner.yaml_source`), those of shape
(`runner.checking`, against `runner.document`), and here those that span entries or need the disk or the releases.
"""

from collections.abc import Callable, Iterator
from datetime import date
from fnmatch import fnmatchcase
from hashlib import sha256
from os.path import normpath
from pathlib import Path
from typing import Literal, TypedDict, TypeGuard

from runner.checking import Checked, check
from runner.document import (
    LONGEST_GLOB,
    Document,
    EnvironmentShape,
    LimitsShape,
    PairsShape,
    ScenarioShape,
    ToleranceShape,
    json_schema,
    shape_at,
)
from runner.errors import DocumentError, Mistake, UsageError
from runner.model import (
    Backend,
    EnvironmentSpec,
    Exclusion,
    Format,
    Isolation,
    Limits,
    Matrix,
    Pairs,
    Scenario,
    Tolerance,
)
from runner.releases import CompletionError, complete, newest_of_each_minor
from runner.wording import nearest, shown
from runner.yaml_source import Data, Route, Source, read_yaml

__all__ = ["environment", "json_schema", "read_matrix"]


class Place(TypedDict):
    """Where an environment is made."""

    backend: Backend
    image: str
    isolation: Isolation


_WITHOUT_LOADER = (Format.WEIGHTS_H5, Format.CHECKPOINT)


def read_matrix(path: Path, backend: Backend | None = None) -> Matrix:
    """
    Read, check and complete a matrix.

    Args:
        backend: What builds all environments, whatever the matrix says.

    Raises:
        DocumentError: With every mistake in the file.
    """
    source = read_yaml(path)
    draft = _Draft(source, check(source, Document, shape_at), path, backend)
    matrix = draft.matrix()
    if draft.mistakes:
        raise DocumentError(tuple(dict.fromkeys(draft.mistakes)))
    return matrix


def environment(matrix: Matrix, name: str) -> EnvironmentSpec:
    """
    Return an environment by its name.

    Raises:
        UsageError: If the matrix has none of that name.
    """
    names = [spec.name for spec in matrix.environments]
    if name not in names:
        raise UsageError(f"{shown(name)} is no environment of {matrix.path}{nearest(name, names)}.")
    return matrix.environments[names.index(name)]


class _Draft:
    """A matrix while it is put together, and what is found to be wrong with it."""

    def __init__(self, source: Source, checked: Checked[Document], path: Path, backend: Backend | None) -> None:
        self.source = source
        self.backend = backend
        self.checked = checked
        self.document = checked.document
        self.path = path
        self.mistakes: list[Mistake] = [*source.mistakes, *checked.mistakes]

    def wrong(self, route: Route, message: str, *, key: bool = False) -> None:
        """Note a mistake, unless it only follows from one that is noted already."""
        if not self.checked.is_spoiled(route):
            self.mistakes.append(self.source.mistake(route, message, key=key))

    def matrix(self) -> Matrix:
        environments = (*self.environments(), *self.generated())
        scenarios = tuple(self.scenario(name, shape) for name, shape in self.document.scenarios.items())
        self.check_not_empty()
        self.check_globs()
        return Matrix(
            path=self.path,
            digest=f"sha256:{sha256(self.source.content).hexdigest()}",
            environments=environments,
            scenarios=scenarios,
            pairs=_pairs(self.document.pairs),
            limits=_limits(self.document.limits),
        )

    def environments(self) -> Iterator[EnvironmentSpec]:
        for name, shape in self.document.environments.items():
            try:
                yield self.environment(name, shape)
            except CompletionError as error:
                for key, message in error.wrong.items():
                    self.wrong(("environments", name, key), message)

    def environment(self, name: str, shape: EnvironmentShape) -> EnvironmentSpec:
        return complete(
            name=name,
            tensorflow=shape.tensorflow,
            keras=shape.keras,
            tf_keras=shape.tf_keras,
            python=shape.python,
            packages=shape.packages,
            as_of=_as_of(shape.as_of),
            variables=tuple(shape.variables.items()),
            **self.place(shape.backend, shape.image, shape.isolation),
        )

    def generated(self) -> Iterator[EnvironmentSpec]:
        declared = _mapping(self.source.at(("environments",)))
        for name, version in self.generated_versions().items():
            if name not in declared:
                yield complete(name=name, tensorflow=version, **self.place())

    def place(
        self, backend: Backend | None = None, image: str | None = None, isolation: Isolation | None = None
    ) -> Place:
        """Return where an environment is made: as it says itself, else as the whole matrix does."""
        return {
            "backend": self.backend or backend or self.document.backend,
            "image": image or self.document.image,
            "isolation": isolation or self.document.isolation,
        }

    def generated_versions(self) -> dict[str, str]:
        """Return the versions of the environments that ``releases`` asks for, by name."""
        releases = self.document.releases
        versions = newest_of_each_minor(releases.tensorflow) if releases else ()
        return {f"tf{version.rpartition('.')[0]}": version for version in versions}

    def scenario(self, name: str, shape: ScenarioShape) -> Scenario:
        route: Route = ("scenarios", name)
        folder = Path(normpath(self.path.parent.absolute() / (shape.folder or f"scenarios/{name}")))
        if _exists(folder, Path.is_dir):
            self.check_script(folder, shape.save, (*route, "save"))
            if shape.load is not None:
                self.check_script(folder, shape.load, (*route, "load"))
        else:
            self.wrong((*route, "folder"), f"there is no folder {shown(shape.folder or f'scenarios/{name}')}")
        load = shape.load or ("load.py" if _exists(folder / "load.py", Path.is_file) else None)
        self.check_formats(shape.formats, load, route)
        return Scenario(
            name=name,
            folder=folder,
            formats=shape.formats,
            save=shape.save,
            load=load,
            requires_save=shape.requires.save,
            requires_load=shape.requires.load,
            tolerance=_tolerance(shape.tolerance, _tolerance(self.document.tolerance, Tolerance())),
            call=shape.call,
            training=shape.training == "compare",
        )

    def check_script(self, folder: Path, script: str, route: Route) -> None:
        if Path(script).is_absolute() or ".." in Path(script).parts:
            self.wrong(route, f"{shown(script)} must be in the scenario's folder")
        elif not _exists(folder / script, Path.is_file):
            present = sorted(path.name for path in folder.glob("*.py"))
            self.wrong(route, f"there is no {shown(script)} in {shown(folder.name)}{nearest(script, present)}")

    def check_formats(self, formats: tuple[Format, ...], load: str | None, route: Route) -> None:
        for file_format in formats:
            if load is None and file_format in _WITHOUT_LOADER:
                self.wrong((*route, "load"), f"{file_format} has no loader of its own; write a load.py in the folder")
        written = _list(self.source.at((*route, "formats")))
        for index, name in enumerate(written):
            if name in written[:index]:
                self.wrong((*route, "formats", index), f"format {shown(name)} is there twice")

    def check_not_empty(self) -> None:
        if not self.source.at(("environments",)) and self.source.at(("releases",)) is None:
            self.wrong(("environments",), "there is no environment; name some here, or a range under 'releases'")
        if not self.source.at(("scenarios",)):
            self.wrong(("scenarios",), "there is no scenario")

    def check_globs(self) -> None:
        if self.checked.is_spoiled(("environments",)) or self.checked.is_spoiled(("releases",)):
            return  # the names are not known
        names = [*_mapping(self.source.at(("environments",))), *self.generated_versions()]
        for route, glob in _globs(self.source):
            if not any(fnmatchcase(name, glob) for name in names):
                self.mistakes.append(
                    self.source.mistake(route, f"{shown(glob)} matches no environment{nearest(glob, names)}")
                )


def _globs(source: Source) -> Iterator[tuple[Route, str]]:
    """Give every glob over environments that is text, sound or not what stands around it."""
    for side in ("save", "load"):
        for index, glob in enumerate(_list(source.at(("pairs", side)))):
            if _is_glob(glob):
                yield ("pairs", side, index), glob
    for index, exclusion in enumerate(_list(source.at(("pairs", "exclude")))):
        for side in ("save", "load"):
            if _is_glob(glob := _mapping(exclusion).get(side)):
                yield ("pairs", "exclude", index, side), glob


def _is_glob(data: Data) -> TypeGuard[str]:
    return isinstance(data, str) and len(data) <= LONGEST_GLOB


def _mapping(data: Data) -> dict[str, Data]:
    return data if isinstance(data, dict) else {}


def _list(data: Data) -> list[Data]:
    return data if isinstance(data, list) else []


def _exists(path: Path, kind: Callable[[Path], bool]) -> bool:
    try:
        return kind(path)
    except (OSError, ValueError):
        return False


def _as_of(written: str | None) -> date | Literal["today"] | None:
    if written is None or written == "today":
        return "today" if written else None
    return date.fromisoformat(written)


def _pairs(shape: PairsShape) -> Pairs:
    exclude = tuple(Exclusion(save=each.save, load=each.load, reason=each.reason) for each in shape.exclude)
    return Pairs(direction=shape.direction, save=shape.save, load=shape.load, exclude=exclude)


def _tolerance(shape: ToleranceShape, inherited: Tolerance) -> Tolerance:
    given = shape.model_fields_set
    return Tolerance(
        rtol=shape.rtol if "rtol" in given else inherited.rtol, atol=shape.atol if "atol" in given else inherited.atol
    )


def _limits(shape: LimitsShape) -> Limits:
    return Limits(seconds=shape.seconds, memory_mb=shape.memory_mb, disk_mb=shape.disk_mb, output_kb=shape.output_kb)
