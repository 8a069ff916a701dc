"""
Which difference between two environments breaks a cell: environments that differ in one thing. Pure.

A variant is one of the two environments with one component of the other. If the load environment with that component
loads the artifact, or the save environment with it fails, the component is to blame.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from packaging.version import Version

from runner.diagnosis import Side
from runner.model import EnvironmentSpec
from runner.record import Blame
from runner.releases import CompletionError, complete
from runner.remedies import pinned

COMPONENTS = ("python", "tensorflow", "keras", "h5py", "numpy", "protobuf")
_TITLES = {"python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}
_PINNED = ("h5py", "numpy", "protobuf")
_SAVE: Literal["save"] = "save"
_LOAD: Literal["load"] = "load"
_KERAS_APART = Version("2.16")  # the first TensorFlow that goes with more than one minor version of Keras


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """
    An environment that differs from one of a cell's in one component.

    Attributes:
        base: Which of the two it is made from.
    """

    component: str
    base: Literal["save", "load"]
    spec: EnvironmentSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    What a variant did to the cell.

    Attributes:
        fails: Whether it fails as the cell does; None if the variant could not be made.
    """

    component: str
    base: Literal["save", "load"]
    fails: bool | None


def differences(save: Side, load: Side) -> dict[str, tuple[str, str]]:
    """
    Return the components that differ, with the version on each side.

    Up to TensorFlow 2.15 Keras goes with TensorFlow: the two count as one there.
    """
    found = {}
    for name in COMPONENTS:
        ours, theirs = _version(save, name), _version(load, name)
        if ours and theirs and ours != theirs:
            found[name] = (ours, theirs)
    if "tensorflow" in found and not all(_has_own_keras(side) for side in (save, load)):
        found.pop("keras", None)
    return found


def variants(
    component: str, specs: tuple[EnvironmentSpec, EnvironmentSpec], sides: tuple[Side, Side]
) -> Iterator[Variant]:
    """
    Yield the environments that tell whether a component is to blame, the one made from the load environment first.

    What cannot be had, such as a TensorFlow for a Python that it has no wheel for, is left out.

    Args:
        specs: The save and the load environment.
        sides: What is in them.
    """
    for base, own, other in ((_LOAD, 1, 0), (_SAVE, 0, 1)):
        try:
            made = _with(specs[own], component, sides[own], specs[other], sides[other])
        except CompletionError:
            continue
        yield Variant(component=component, base=base, spec=replace(made, name=f"{specs[own].name}~{component}"))


def blame(found: Mapping[str, tuple[str, str]], seen: Iterable[Seen]) -> Blame:
    """
    Say which component it is.

    Args:
        found: The components that differ.
        seen: What each variant did.
    """
    seen = list(seen)
    guilty = [name for name in found if any(_accuses(each) for each in seen if each.component == name)]
    cleared = [name for name in found if name not in guilty and any(_clears(e) for e in seen if e.component == name)]
    others = [name for name in found if name not in guilty and name not in cleared]
    if len(guilty) != 1 and (guilty or len(others) != 1):
        return Blame(cleared=tuple(cleared), text=_undecided(found, guilty, cleared, others))
    name = (guilty or others)[0]
    save, load = found[name]
    left = "" if guilty else " (all else that differs was tried by itself)"
    text = f"It is {_article(name)}: {save} -> {load}{_not(cleared)}{left}."
    return Blame(component=name, save=save, load=load, cleared=tuple(cleared), text=text)


def only(found: Mapping[str, tuple[str, str]]) -> Blame | None:
    """Return the blame where the environments differ in one thing, or in nothing: there is nothing to try."""
    if len(found) > 1:
        return None
    for name, (save, load) in found.items():
        text = f"It is {_article(name)}: {save} -> {load}; nothing else differs that is looked at."
        return Blame(component=name, save=save, load=load, text=text)
    return Blame(text="The two environments differ in nothing that is looked at.")


def _accuses(seen: Seen) -> bool:
    return seen.fails is (seen.base == "save")


def _clears(seen: Seen) -> bool:
    return seen.fails is (seen.base == "load")


def _undecided(
    found: Mapping[str, tuple[str, str]], guilty: Sequence[str], cleared: Sequence[str], others: Sequence[str]
) -> str:
    if guilty:
        return f"Each of {_listed(guilty)} breaks it by itself{_not(cleared)}."
    if not others:
        return f"None of {_listed(list(found))} breaks it by itself: it takes several of them together."
    return f"It may be {_listed(others)}: no environment can be made that differs in that alone{_not(cleared)}."


def _not(cleared: Sequence[str]) -> str:
    return f", not {_listed(cleared)}" if cleared else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_title, names))


def _article(name: str) -> str:
    return f"the {_title(name)}" if name == "python" else _title(name)


def _title(name: str) -> str:
    return _TITLES.get(name, name)


def _version(side: Side, name: str) -> str | None:
    version = side.versions.get(name)
    return ".".join(version.split(".")[:2]) if version and name == "python" else version


def _has_own_keras(side: Side) -> bool:
    return Version(side.versions.get("tensorflow", "0")) >= _KERAS_APART


def _with(spec: EnvironmentSpec, component: str, side: Side, other: EnvironmentSpec, others: Side) -> EnvironmentSpec:
    """Return an environment with one component of another, and everything else that is looked at as it is."""
    version = _version(others, component) or ""
    python = version if component == "python" else spec.python
    tensorflow = other.tensorflow if component == "tensorflow" else spec.tensorflow
    keras = version if component == "keras" else _kept_keras(spec, side, tensorflow)
    made = complete(
        name=spec.name,
        tensorflow=tensorflow,
        keras=keras,
        tf_keras=spec.tf_keras,
        python=python,
        packages=spec.packages,
        variables=spec.variables,
        backend=spec.backend,
    )
    dates = (made.as_of, spec.as_of, other.as_of)
    made = replace(made, as_of=None if None in dates else max(each for each in dates if each))
    for name in _PINNED:
        wanted = version if name == component else _version(side, name)
        made = pinned(made, f"{name}=={wanted}") if wanted else made
    return made


def _kept_keras(spec: EnvironmentSpec, side: Side, tensorflow: str) -> str | None:
    """Return the Keras that an environment has, where its TensorFlow leaves a choice."""
    if spec.tf_keras or Version(tensorflow) < _KERAS_APART:
        return None
    return spec.keras or _version(side, "keras") if _has_own_keras(side) else spec.keras
