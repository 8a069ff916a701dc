"""What the table of releases promises to the rest of the program."""

import json
from datetime import date
from pathlib import Path

import pytest

from runner.model import EnvironmentSpec
from runner.releases import (
    CompletionError,
    ReleaseError,
    complete,
    default_python,
    exact,
    expected_keras,
    fallback_constraints,
    known_versions,
    newest_of_each_minor,
    parse_requirement,
    satisfies,
)
from tools import update_releases

LINUX = "linux-x86_64"
LEGACY = (("TF_USE_LEGACY_KERAS", "1"),)


def environment(tensorflow: str, *, keras: str | None = None, tf_keras: str | None = None) -> EnvironmentSpec:
    """Complete an environment as Linux on x86-64 would."""
    variables = LEGACY if tf_keras else ()
    return complete(
        name="any", tensorflow=tensorflow, keras=keras, tf_keras=tf_keras, variables=variables, platform=LINUX
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [("2.15", "2.15.1"), ("2.8.4", "2.8.4"), ("2.15.0.post1", "2.15.0.post1"), ("1.15", "1.15.5"), ("2.6", "2.6.5")],
)
def test_the_beginning_of_a_version_is_the_newest_patch_that_is_no_post_release(written: str, meant: str) -> None:
    """The beginning of a version means its newest patch, and a whole version means itself."""
    assert exact("tensorflow", written) == meant


def test_a_version_newer_than_the_table_is_taken_as_it_is() -> None:
    """A TensorFlow that came out after the table gets the newest release's defaults, as of today."""
    spec = environment("2.99")
    assert (spec.tensorflow, spec.distribution, spec.python) == ("2.99.0", "tensorflow-cpu", "3.13")
    assert spec.as_of is None
    assert spec.released == ()
    assert spec.order > environment("2.21").order


def test_a_keras_newer_than_the_table_is_resolved_as_of_today() -> None:
    """One named version that is newer than the table leaves no date to resolve as of."""
    assert environment("2.21", keras="3.99.1").as_of is None


@pytest.mark.parametrize(
    ("package", "written", "message"),
    [
        ("tensorflow", "2.15.9", "there is no tensorflow 2.15.9; the closest is 2.15.1"),
        ("tensorflow", "1.14", "older than any that is known here; the oldest is 1.15.0"),
        ("tf-keras", "2.20.0", "the closest is 2.20.1"),
        ("tensorflow", ">=2.8", "is no version"),
        ("keras", "9" * 5000, "is no version"),
    ],
)
def test_a_version_that_does_not_exist_is_refused_with_the_closest(package: str, written: str, message: str) -> None:
    """Within what is known, a version that does not exist is a mistake that names the closest."""
    with pytest.raises(ReleaseError, match=message):
        exact(package, written)


def test_every_known_tensorflow_can_be_completed() -> None:
    """Every release in the table has a wheel for the Python that it gets, and a Keras."""
    for version in known_versions("tensorflow"):
        spec = environment(version)
        assert spec.python == default_python(version)
        assert expected_keras(spec) is not None


@pytest.mark.parametrize(
    ("tensorflow", "python"),
    [
        ("1.15", "3.7"),
        ("2.1", "3.7"),
        ("2.2", "3.8"),
        ("2.5", "3.9"),
        ("2.11", "3.9"),
        ("2.12", "3.11"),
        ("2.20", "3.13"),
    ],
)
def test_python_goes_with_the_release(tensorflow: str, python: str) -> None:
    """An environment that names no Python gets the one that goes with its TensorFlow."""
    assert environment(tensorflow).python == python


@pytest.mark.parametrize(
    ("tensorflow", "platform", "distribution"),
    [
        ("2.8.4", LINUX, "tensorflow-cpu"),
        ("1.15.5", LINUX, "tensorflow"),
        ("2.0.4", LINUX, "tensorflow"),
        ("2.8.4", "linux-aarch64", "tensorflow"),
        ("2.16.2", "macosx-14.0-arm64", "tensorflow"),
    ],
)
def test_the_small_wheel_is_taken_where_there_is_one(tensorflow: str, platform: str, distribution: str) -> None:
    """The CPU wheel is chosen where that very release has one, and nowhere else."""
    assert complete(name="any", tensorflow=tensorflow, platform=platform).distribution == distribution


def test_the_date_is_two_weeks_after_the_newest_of_what_is_named() -> None:
    """An environment is resolved two weeks after the newest of the releases that it names."""
    assert environment("2.16.2").as_of == date(2024, 7, 12)
    assert environment("2.15.1", keras="3.15.1").as_of == date(2026, 8, 12)


def test_today_is_no_date() -> None:
    """An environment as of today is resolved without a date."""
    assert complete(name="any", tensorflow="2.8.4", as_of="today").as_of is None


def test_what_is_named_is_never_hidden_by_its_date() -> None:
    """The named releases keep their dates, by the names that the index has them under."""
    spec = complete(
        name="any", tensorflow="1.15.5", keras="2.3.1", python="3.7", as_of=date(2020, 6, 1), platform=LINUX
    )
    assert spec.as_of == date(2020, 6, 1)
    assert spec.released == (("tensorflow", date(2021, 1, 6)), ("keras", date(2019, 10, 7)))


def test_a_python_without_a_wheel_is_refused_with_those_that_have_one() -> None:
    """A Python that the release has no wheel for is a mistake that names the Pythons it has."""
    with pytest.raises(CompletionError) as raised:
        complete(name="any", tensorflow="2.8.4", python="3.11")
    assert raised.value.wrong == {
        "python": "tensorflow 2.8.4 has no wheel for Python 3.11; it has them for 3.7, 3.8, 3.9 and 3.10"
    }


def test_a_python_that_keras_does_not_run_on_is_refused() -> None:
    """A Keras that needs a newer Python than the environment has is a mistake of its Python."""
    with pytest.raises(CompletionError, match=r"does not do for keras 3\.15\.1, which needs >=3\.11"):
        complete(name="any", tensorflow="2.16", keras="3.15.1", python="3.10")


def test_all_that_is_wrong_with_an_environment_is_said_at_once() -> None:
    """Every key of an environment that cannot be had is named, not only the first."""
    with pytest.raises(CompletionError) as raised:
        complete(name="any", tensorflow="2.8.9", keras="2.16.0", tf_keras="x", python="2.7")
    assert raised.value.wrong.keys() == {"tensorflow", "keras", "tf-keras", "python"}


def test_environments_are_ordered_by_tensorflow_and_then_by_keras() -> None:
    """The order of environments is that of their releases, legacy Keras before Keras 3."""
    ordered = [
        environment("1.15.5", keras="2.3.1"),
        environment("2.8.4"),
        environment("2.15.0"),
        environment("2.15.0.post1"),
        environment("2.15.1"),
        environment("2.16.2", tf_keras="2.16.0"),
        environment("2.16.2", keras="3.3.3"),
        environment("2.16.2"),
    ]
    assert sorted(ordered, key=lambda spec: spec.order) == ordered
    assert len({spec.order for spec in ordered}) == len(ordered)


@pytest.mark.parametrize(
    ("spec", "keras"),
    [
        (environment("1.15.5", keras="2.3.1"), "2.3.1"),
        (environment("1.15.5"), "2.2.4"),
        (environment("2.2"), "2.3.0"),
        (environment("2.4"), "2.4.0"),
        (environment("2.5"), "2.5.0"),
        (environment("2.6"), "2.6.0"),
        (environment("2.13"), "2.13.1"),
        (environment("2.15"), "2.15.0"),
        (environment("2.16.2"), "3.4.1"),
        (environment("2.16.2", tf_keras="2.16.0"), "2.16.0"),
        (environment("2.21.0"), "3.13.2"),
        (complete(name="any", tensorflow="2.16.2", python="3.9", as_of="today"), "3.10.0"),
        (complete(name="any", tensorflow="2.16.2", as_of=date(2020, 1, 1)), None),
    ],
)
def test_keras_is_known_before_anything_is_resolved(spec: EnvironmentSpec, keras: str | None) -> None:
    """The Keras behind tf.keras is the named one, or the one that came with TensorFlow at that time."""
    assert expected_keras(spec) == keras


@pytest.mark.parametrize(
    ("requirement", "satisfied"),
    [
        ("tensorflow>=2.4", True),
        ("tensorflow >=2.4, <2.8", False),
        ("tensorflow>=2.8,!=2.8.4", False),
        ("keras<3", True),
        ("Keras==2.8.*", True),
        ("tf_keras", False),
        ("python>=3.9", True),
        ("python<3.9", False),
    ],
)
def test_requirements_are_over_tensorflow_keras_and_python(requirement: str, satisfied: bool) -> None:
    """A requirement holds for an environment as pip would have it."""
    assert satisfies(requirement, environment("2.8.4")) is satisfied


def test_legacy_keras_satisfies_what_asks_for_keras_2() -> None:
    """Where tf_keras serves tf.keras, the environment's Keras is Keras 2."""
    legacy = environment("2.16.2", tf_keras="2.16.0")
    assert satisfies("keras<3", legacy)
    assert satisfies("tf-keras>=2.16", legacy)
    assert not satisfies("keras<3", environment("2.16.2"))


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ("tensoflow>=2", "perhaps you meant 'tensorflow'"),
        ("numpy<2", "known are tensorflow, keras, tf-keras and python"),
        ("tensorflow=>2", "is no requirement"),
        ("", "is no requirement"),
        ("tensorflow>=2; python_version>'3'", "a name and versions, nothing else"),
    ],
)
def test_requirements_on_anything_else_are_refused(requirement: str, message: str) -> None:
    """A requirement that means nothing here is refused with the closest that does."""
    with pytest.raises(ReleaseError, match=message):
        parse_requirement(requirement)


def test_a_range_gives_the_newest_patch_of_every_minor() -> None:
    """A range is one version for every minor in it, oldest first."""
    assert newest_of_each_minor(">=2.13,<2.17") == ("2.13.1", "2.14.1", "2.15.1", "2.16.2")
    assert newest_of_each_minor("~=2.15.0,<2.15.1") == ("2.15.0",)


@pytest.mark.parametrize("versions", ["", "2.8", ">=3", ">2.8<2.9", "x"])
def test_a_range_without_releases_is_refused(versions: str) -> None:
    """A range that cannot be read or has nothing in it is an error, except that no bounds at all are all releases."""
    if versions:
        with pytest.raises(ReleaseError):
            newest_of_each_minor(versions)
    else:
        assert newest_of_each_minor(versions)[-1] == newest_of_each_minor(">=2")[-1]


def test_constraints_stand_in_for_dates() -> None:
    """An index without upload times is made up for by upper bounds, Keras 3 by its release dates."""
    assert {"numpy<1.20", "h5py<3", "protobuf<3.21"} <= set(fallback_constraints(environment("2.3.4")))
    assert {"keras<2.7", "protobuf<3.21"} <= set(fallback_constraints(environment("2.6")))
    assert {"numpy<2", "keras<=3.4.1"} <= set(fallback_constraints(environment("2.16.2")))
    assert fallback_constraints(environment("2.21")) == ("keras<=3.13.2",)


def test_constraints_leave_alone_what_the_matrix_names() -> None:
    """What the matrix says itself is not bounded, and today is not bounded at all."""
    named = complete(name="any", tensorflow="2.16.2", keras="3.9.0", packages=("NumPy>=1.26",))
    assert not [bound for bound in fallback_constraints(named) if bound.startswith(("keras", "numpy"))]
    assert fallback_constraints(complete(name="any", tensorflow="2.16.2", as_of="today")) == ()


def test_the_table_is_written_from_an_index_and_keeps_what_is_kept_by_hand(tmp_path: Path) -> None:
    """Updating replaces what stands below the marker: final releases that are not yanked, with their wheels."""

    def file(name: str, day: str, *, python: str | None = None, tag: str = "py3", yanked: bool = False) -> object:
        return {
            "filename": name,
            "upload_time": f"{day}T10:00:00",
            "requires_python": python,
            "python_version": tag,
            "yanked": yanked,
        }

    wheels = [
        file(f"tensorflow-2.22.0-{tag}-manylinux_2_27_x86_64.whl", "2027-01-02", tag=tag) for tag in ("cp39", "cp310")
    ]
    index = {
        "tensorflow": {"2.22.0": wheels, "2.22.1rc0": wheels, "1.14.0": wheels, "2.22.2": []},
        "tensorflow-cpu": {},
        "keras": {"3.20.0": [file("keras.whl", "2027-01-03", python=">=3.12")]},
        "tf-keras": {"2.22.0": [file("tf_keras.whl", "2027-01-03", yanked=True)]},
    }
    for name, releases in index.items():
        (tmp_path / "pypi" / name).mkdir(parents=True)
        (tmp_path / "pypi" / name / "json").write_text(json.dumps({"releases": releases}))
    table = tmp_path / "releases.toml"
    table.write_text(f"# by hand\n{update_releases.MARKER}\n[tensorflow]\nold = 1\n")

    update_releases.main(["--index", tmp_path.as_uri(), "--table", str(table)])

    assert table.read_text() == (
        f"# by hand\n{update_releases.MARKER}\n[tensorflow]\n"
        '"2.22.0" = {released = 2027-01-02, pythons = ["3.9", "3.10"], cpu = false}\n\n[keras]\n'
        '"3.20.0" = {released = 2027-01-03, python = ">=3.12"}\n\n[tf-keras]\n'
    )
