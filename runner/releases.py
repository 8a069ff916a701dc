"""
Which Python, Keras and release date go with which TensorFlow.

The facts are data: releases.toml beside this module, which tools/update_releases.py writes but for the tables that are
kept by hand. It is older than the world, so a version newer than every known one is taken as it is, with the defaults
of the newest, and resolved as of today.
"""

import re
import sysconfig
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from runner.model import IMAGE, Backend, EnvironmentSpec, Isolation
from runner.wording import listed, nearest, shown

_SETTLING = timedelta(days=14)  # by then what broke a release on its first days is mended
_COMPARABLE = ("tensorflow", "keras", "tf-keras", "python")
_KERAS_APART = Version("2.6")  # the first TensorFlow whose Keras is a package of its own, of the same minor version
_KERAS_3 = Version("2.16")  # the first TensorFlow that takes the newest Keras, from 3.0 on
_HARNESS_PYTHON = 6  # the harness runs on Python 3.6 and later
_TRUE = ("true", "True", "1")  # what TensorFlow takes for true in TF_USE_LEGACY_KERAS
_LONGEST = 200  # characters


class ReleaseError(ValueError):
    """A version, a range or a requirement that means nothing here."""


class CompletionError(ValueError):
    """An environment that cannot be had; `wrong` says what is wrong with each of its keys."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        self.wrong = dict(wrong)
        super().__init__("; ".join(self.wrong.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """
    One release of TensorFlow, Keras or tf-keras.

    Attributes:
        python: The Pythons that its metadata admits.
        pythons: The Pythons that it has Linux x86-64 wheels for, oldest first; empty for a package in pure Python.
        cpu: Whether ``tensorflow-cpu`` has this very version for them.
    """

    version: Version
    released: date
    python: SpecifierSet
    pythons: tuple[str, ...] = ()
    cpu: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """A range of TensorFlow, and the one thing that goes with it in a table that is kept by hand."""

    tensorflow: SpecifierSet
    default: str = ""
    keras: str = ""
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """All of releases.toml; releases stand under the name of their package, oldest first."""

    packages: Mapping[str, Mapping[Version, Release]]
    pythons: tuple[Era, ...]
    own_keras: tuple[Era, ...]
    constraints: tuple[Era, ...]


def complete(
    *,
    name: str,
    tensorflow: str,
    keras: str | None = None,
    tf_keras: str | None = None,
    python: str | None = None,
    packages: tuple[str, ...] = (),
    as_of: date | Literal["today"] | None = None,
    variables: tuple[tuple[str, str], ...] = (),
    backend: Backend = Backend.NOX,
    image: str = IMAGE,
    isolation: Isolation = Isolation.ENVIRONMENT,
    platform: str | None = None,
) -> EnvironmentSpec:
    """
    Make every choice that an environment, as the matrix writes it, leaves open.

    `tensorflow`, `keras` and `tf_keras` are versions, or the beginning of one: ``2.15`` is the newest 2.15.x. `python`
    is by default the one that goes with that TensorFlow, `as_of` two weeks after the newest of the named releases, and
    `platform` this one, as `sysconfig.get_platform` says it, or Linux where the backend is docker.

    Raises:
        CompletionError: With a sentence for each key that cannot be had.
    """
    versions = _exact_versions({"tensorflow": tensorflow, "keras": keras, "tf-keras": tf_keras}, python)
    named = {package: _table().packages[package].get(Version(version)) for package, version in versions.items()}
    distribution = _distribution(named["tensorflow"], platform or _platform(backend))
    distributions = {"tensorflow": distribution, "keras": "keras", "tf-keras": "tf-keras"}
    spec = EnvironmentSpec(
        name=name,
        tensorflow=versions["tensorflow"],
        distribution=distribution,
        keras=versions.get("keras"),
        tf_keras=versions.get("tf-keras"),
        python=python.strip() if python else default_python(versions["tensorflow"]),
        packages=packages,
        as_of=_as_of(as_of, named.values()),
        released=tuple((distributions[package], release.released) for package, release in named.items() if release),
        variables=variables,
        backend=backend,
        image=image,
        isolation=isolation,
    )
    return replace(spec, order=(_order(spec.tensorflow), _order(expected_keras(spec) or "0")))


def _platform(backend: Backend) -> str:
    """Return what wheels are for: a container is Linux, on the same kind of processor as this machine."""
    here = sysconfig.get_platform()
    if backend is Backend.NOX or here.startswith("linux-"):
        return here
    return "linux-aarch64" if here.endswith("arm64") else "linux-x86_64"


def exact(package: str, written: str) -> str:
    """
    Return the version of ``tensorflow``, ``keras`` or ``tf-keras`` that is meant.

    Of the releases that begin as written it is the newest that is no post-release.

    Raises:
        ReleaseError: If there is no such release, and the newest known one is newer.
    """
    known = _table().packages[package]
    version = _version(written)
    if len(version.release) < 3 and str(version) == version.base_version:
        begun = [v for v in known if v.release[: len(version.release)] == version.release and not v.is_postrelease]
        version = max(begun, default=Version(".".join(map(str, (*version.release, 0, 0)[:3]))))
    if version in known or version > max(known):
        return str(version)
    if version < min(known):
        raise ReleaseError(f"{package} {version} is older than any that is known here; the oldest is {min(known)}")
    raise ReleaseError(f"there is no {package} {version}; the closest is {_closest(version, known)}")


def known_versions(package: str) -> tuple[str, ...]:
    """Return every known release of ``tensorflow``, ``keras`` or ``tf-keras``, oldest first."""
    return tuple(map(str, _table().packages[package]))


def newest_of_each_minor(versions: str) -> tuple[str, ...]:
    """
    Return the newest patch of every minor version of TensorFlow in a range such as ``>=2.8,<2.22``, oldest first.

    Raises:
        ReleaseError: If the range cannot be read, or no known release is in it.
    """
    known = _table().packages["tensorflow"]
    try:
        within = [v for v in SpecifierSet(_short(versions)).filter(known, prereleases=True) if not v.is_postrelease]
    except ValueError:
        raise ReleaseError(f"{shown(versions)} is no range of versions; write it like '>=2.8,<2.22'") from None
    if not within:
        span = f"from {min(known)} to {max(known)}"
        raise ReleaseError(f"no known release of tensorflow is in {shown(versions)}; they go {span}")
    newest = {version.release[:2]: version for version in sorted(within)}
    return tuple(map(str, newest.values()))


def default_python(tensorflow: str) -> str:
    """Return the Python that goes with a version of TensorFlow if the matrix names none."""
    return _era(_table().pythons, tensorflow).default


def expected_keras(spec: EnvironmentSpec) -> str | None:
    """
    Return the Keras that an environment will have, as far as can be said before it is resolved.

    It is the one that the matrix names; else tf-keras where TF_USE_LEGACY_KERAS puts that behind ``tf.keras``; else
    what comes with TensorFlow: a part of it up to 2.5 (``tf.keras.__version__`` without its ``-tf``), the package of
    the same minor version up to 2.15, and from 2.16 on the newest that there was and that its Python admits.
    """
    tensorflow = Version(spec.tensorflow)
    if spec.keras is not None:
        return spec.keras
    if spec.tf_keras is not None and dict(spec.variables).get("TF_USE_LEGACY_KERAS") in _TRUE:
        return spec.tf_keras
    if tensorflow >= _KERAS_3:
        return _newest_keras(spec.python, spec.as_of)
    if tensorflow < _KERAS_APART:
        return _era(_table().own_keras, spec.tensorflow).keras
    same_minor = [keras for keras in _table().packages["keras"] if keras.release[:2] == tensorflow.release[:2]]
    return str(max(same_minor)) if same_minor else None


def parse_requirement(requirement: str) -> Requirement:
    """
    Read what a scenario requires of an environment, such as ``tensorflow>=2.4,<2.16``.

    Raises:
        ReleaseError: If it is no requirement, or on something else than TensorFlow, Keras, tf-keras or Python.
    """
    try:
        parsed = Requirement(_short(requirement))
    except ValueError:
        raise ReleaseError(f"{shown(requirement)} is no requirement; write it like 'tensorflow>=2.4,<2.16'") from None
    if parsed.extras or parsed.marker or parsed.url:
        raise ReleaseError(f"{shown(requirement)} may have a name and versions, nothing else")
    parsed.name = canonicalize_name(parsed.name)
    if parsed.name not in _COMPARABLE:
        raise ReleaseError(f"nothing is known about {shown(parsed.name)} here{nearest(parsed.name, _COMPARABLE)}")
    return parsed


def satisfies(requirement: str, spec: EnvironmentSpec) -> bool:
    """
    Say whether an environment has what a scenario requires.

    Raises:
        ReleaseError: As `parse_requirement` does.
    """
    parsed = parse_requirement(requirement)
    versions = {
        "tensorflow": spec.tensorflow,
        "keras": expected_keras(spec),
        "tf-keras": spec.tf_keras,
        "python": spec.python,
    }
    version = versions[parsed.name]
    return version is not None and parsed.specifier.contains(version, prereleases=True)


def fallback_constraints(spec: EnvironmentSpec) -> tuple[str, ...]:
    """
    Return upper bounds for an index that gives no upload times, where nothing can be resolved as of a date.

    What the matrix names itself is not bounded, and nothing is in an environment that is resolved as of today.
    """
    if spec.as_of is None:
        return ()
    bounds = _era(_table().constraints, spec.tensorflow, last=False).packages
    if Version(spec.tensorflow) >= _KERAS_3 and (keras := _newest_keras(spec.python, spec.as_of)):
        bounds = (*bounds, f"keras<={keras}")
    named = {_name_of(requirement) for requirement in spec.packages} | ({"keras"} if spec.keras else set())
    return tuple(bound for bound in bounds if _name_of(bound) not in named)


def _exact_versions(asked: Mapping[str, str | None], python: str | None) -> dict[str, str]:
    versions: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for package, written in asked.items():
        try:
            versions |= {package: exact(package, written)} if written is not None else {}
        except ReleaseError as error:
            wrong[package] = str(error)
    if misfit := _misfit(versions, python):
        wrong["python"] = misfit
    if wrong:
        raise CompletionError(wrong)
    return versions


def _misfit(versions: Mapping[str, str], python: str | None) -> str:
    """Say what keeps the versions from this Python, or from the default one; nothing if they go together."""
    if python is not None and not _runs_harness(python):
        return f"{shown(python)} is no Python that environments can have; write a minor version from '3.6' on"
    if python is None and "tensorflow" not in versions:
        return ""
    minor = python.strip() if python else default_python(versions["tensorflow"])
    for package, version in versions.items():
        release = _table().packages[package].get(Version(version))
        if release is None:
            continue
        if release.pythons and minor not in release.pythons:
            usable = [other for other in release.pythons if _runs_harness(other)]
            return f"tensorflow {version} has no wheel for Python {minor}; it has them for {listed(usable)}"
        if not release.python.contains(minor):
            by_default = "" if python else f" is the default with tensorflow {versions['tensorflow']}, but"
            return f"Python {minor}{by_default} does not do for {package} {version}, which needs {release.python}"
    return ""


def _runs_harness(python: str) -> bool:
    found = re.fullmatch(r"3\.([0-9]{1,3})", python.strip())
    return found is not None and int(found[1]) >= _HARNESS_PYTHON


def _distribution(tensorflow: Release | None, platform: str) -> str:
    """Return ``tensorflow-cpu`` where there is one: the same TensorFlow, a third of the download."""
    has_cpu = tensorflow is None or tensorflow.cpu
    return "tensorflow-cpu" if has_cpu and platform == "linux-x86_64" else "tensorflow"


def _as_of(written: date | Literal["today"] | None, named: Iterable[Release | None]) -> date | None:
    if written is not None:
        return None if written == "today" else written
    releases = list(named)
    known = [release.released for release in releases if release is not None]
    return max(known) + _SETTLING if len(known) == len(releases) else None


def _order(version: str) -> tuple[int, ...]:
    parsed = Version(version)
    return (*(*parsed.release, 0, 0)[:3], parsed.post or 0)


@cache
def _newest_keras(python: str, as_of: date | None) -> str | None:
    fitting = [
        release.version
        for release in _table().packages["keras"].values()
        if release.version.major >= 3
        and release.python.contains(python)
        and (as_of is None or release.released <= as_of)
    ]
    return str(max(fitting)) if fitting else None


def _era(eras: tuple[Era, ...], tensorflow: str, *, last: bool = True) -> Era:
    """Return the first era that has this TensorFlow; else the last, or an empty one."""
    base = Version(tensorflow).base_version
    found = (era for era in eras if era.tensorflow.contains(base))
    return next(found, eras[-1] if last else Era(tensorflow=SpecifierSet()))


def _version(written: str) -> Version:
    try:
        return Version(_short(written))
    except ValueError:
        raise ReleaseError(f"{shown(written)} is no version; write it like '2.15.1', or '2.15'") from None


def _short(text: str) -> str:
    """Refuse what no one writes by hand: Python does not read numbers of thousands of digits."""
    if len(text) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} characters")
    return text


def _closest(version: Version, known: Iterable[Version]) -> Version:
    wanted = (*version.release, 0, 0)[:3]
    return min(known, key=lambda v: [abs(a - b) for a, b in zip(v.release, wanted, strict=False)])


def _name_of(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


@cache
def _table() -> Releases:
    data = tomllib.loads(Path(__file__).with_name("releases.toml").read_text("utf-8"))
    return Releases(
        packages={package: _releases(data[package]) for package in ("tensorflow", "keras", "tf-keras")},
        pythons=_eras(data["python"]),
        own_keras=_eras(data["own_keras"]),
        constraints=_eras(data["constraints"]),
    )


def _releases(table: Mapping[str, Mapping[str, Any]]) -> dict[Version, Release]:
    releases = {
        Version(version): Release(
            version=Version(version),
            released=row["released"],
            python=SpecifierSet(row.get("python", "")),
            pythons=tuple(row.get("pythons", ())),
            cpu=row.get("cpu", False),
        )
        for version, row in table.items()
    }
    return {version: releases[version] for version in sorted(releases)}


def _eras(rows: Iterable[Mapping[str, Any]]) -> tuple[Era, ...]:
    return tuple(
        Era(
            tensorflow=SpecifierSet(row["tensorflow"]),
            default=row.get("default", ""),
            keras=row.get("keras", ""),
            packages=tuple(row.get("packages", ())),
        )
        for row in rows
    )
