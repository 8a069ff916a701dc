"""Which remedies are tried for which failure, in which order, and how they are told."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import releases, remedies
from runner.instructions import how
from runner.model import Cause, EnvironmentSpec, Format, Phase, Status
from runner.remedies import REMEDIES, Case, Failure

KEYWORD = Failure(status=Status.FAIL, phase=Phase.LOAD, cause=Cause.CONFIG_KEYWORD)
NAMES = ("tf2.8", "tf2.10", "tf2.15", "tf2.16", "tf2.18", "tf2.21")
ORDER = list(REMEDIES)


def environment(name: str) -> EnvironmentSpec:
    """Return the environment that a matrix has under such a name."""
    return releases.complete(name=name, tensorflow=name.removeprefix("tf"))


ALL = tuple(map(environment, NAMES))


def case(save: str, load: str, form: Format = Format.H5, *, trusted: bool = False) -> Case:
    """Return a cell between two environments."""
    specs = {spec.name: spec for spec in ALL}
    return Case(format=form, save=specs[save], load=specs[load], trusted=trusted, environments=ALL)


def names(steps: Sequence[str]) -> list[str]:
    """Return steps without what they leave open."""
    return [step.partition(":")[0] for step in steps]


failures = st.builds(
    Failure,
    status=st.sampled_from(Status),
    phase=st.none() | st.sampled_from(Phase),
    cause=st.none() | st.sampled_from(Cause),
)
cases = st.builds(
    case,
    save=st.sampled_from(NAMES),
    load=st.sampled_from(NAMES),
    form=st.sampled_from(Format),
    trusted=st.booleans(),
)


@given(cases, failures)
def test_what_loses_least_is_tried_first(some: Case, failure: Failure) -> None:
    """Whatever fails, remedies come in the contract's order, none twice, each for its formats, with its code."""
    steps = list(remedies.candidates(some, failure))
    places = [ORDER.index(name) for name in names(steps)]
    assert places == sorted(places)
    assert len(set(steps)) == len(steps)
    for step in steps:
        assert some.format in REMEDIES[names([step])[0]].formats
        assert how(some, (step,))


@given(cases, failures, st.data())
def test_a_step_is_never_combined_with_itself(some: Case, failure: Failure, data: st.DataObject) -> None:
    """Steps grow by others only, and a second loader never replaces the first."""
    steps = list(remedies.candidates(some, failure))
    if not steps:
        return
    taken = remedies.combined((), data.draw(st.sampled_from(steps)))
    for step in remedies.candidates(some, failure, taken):
        both = remedies.combined(taken, step)
        assert len(set(names(both))) == len(both) == 2
        assert [ORDER.index(name) for name in names(both)] == sorted(ORDER.index(name) for name in names(both))


@given(cases, failures)
def test_code_from_the_file_runs_only_where_it_is_trusted(some: Case, failure: Failure) -> None:
    """Without trust safe mode is never switched off."""
    assert some.trusted or "safe-mode-off" not in names(list(remedies.candidates(some, failure)))


@pytest.mark.parametrize("status", [Status.PASS, Status.BLOCKED, Status.UNSUPPORTED])
def test_nothing_is_tried_where_nothing_is_wrong(status: Status) -> None:
    """A cell that passes, has no artifact or was never promised needs no way out."""
    assert not list(remedies.candidates(case("tf2.8", "tf2.18"), Failure(status=status)))


def test_what_cannot_be_mended_is_left() -> None:
    """A failed save and a lack of memory are no matter of how to load."""
    for failure in (
        Failure(status=Status.FAIL, phase=Phase.SAVE, cause=Cause.CONFIG_KEYWORD),
        Failure(status=Status.FAIL, phase=Phase.LOAD, cause=Cause.SCENARIO_ERROR),
        Failure(status=Status.ERROR, phase=Phase.LOAD, cause=Cause.OUT_OF_MEMORY),
    ):
        assert not list(remedies.candidates(case("tf2.8", "tf2.18"), failure))


def test_tf_keras_is_for_files_of_keras_2_in_keras_3() -> None:
    """Nowhere else is there another Keras that could read them."""
    assert "legacy-keras" in names(list(remedies.candidates(case("tf2.8", "tf2.18"), KEYWORD)))
    for save, load in (("tf2.18", "tf2.21"), ("tf2.18", "tf2.8"), ("tf2.8", "tf2.15")):
        assert "legacy-keras" not in names(list(remedies.candidates(case(save, load), KEYWORD)))


def test_tf_keras_is_made_for_the_environment_s_own_tensorflow() -> None:
    """The environment with tf_keras has everything else as the load environment has it."""
    spec = remedies.environment(environment("tf2.18"), ("legacy-keras",))
    assert (spec.tensorflow, spec.python) == (environment("tf2.18").tensorflow, environment("tf2.18").python)
    assert str(spec.tf_keras).startswith("2.18")
    assert dict(spec.variables)["TF_USE_LEGACY_KERAS"] == "1"


def test_a_pin_takes_the_place_of_another_on_the_same_package() -> None:
    """What the matrix asks for of that package does not count any more."""
    spec = remedies.pinned(remedies.pinned(environment("tf2.8"), "numpy==1.22.4"), "NumPy<2")
    assert spec.packages == ("NumPy<2",)


def test_the_environment_that_saved_leads_over_first() -> None:
    """Of all environments the one that wrote the file is the most certain to read it."""
    steps = [step for step in remedies.candidates(case("tf2.15", "tf2.8", Format.KERAS), KEYWORD) if ":" in step]
    assert steps[0] == "re-save-through:tf2.15/h5"


def test_a_graph_is_not_led_to_where_its_ops_are_missing() -> None:
    """Every SavedModel of a newer TensorFlow has an op that 2.8 does not know."""
    steps = list(remedies.candidates(case("tf2.18", "tf2.8"), KEYWORD))
    assert not [step for step in steps if step.endswith(("/export", "/savedmodel"))]


def test_what_is_lost_is_said_once() -> None:
    """Two remedies that lose the same lose it once; an exported graph has no layers."""
    assert remedies.loses(("compile-false", "weights-into-rebuilt-model")).count("optimizer") == 1
    assert "layers" in remedies.loses(("re-save-through:tf2.15/export",))
    assert "layers" not in remedies.loses(("re-save-through:tf2.15/h5",))


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        (("compile-false",), "load_model(path, compile=False)"),
        (("custom-objects", "safe-mode-off"), 'load_model(path, custom_objects={"A": A}, safe_mode=False)'),
        (("rename-suffix",), 'shutil.copy(path, "model.keras")\nload_model("model.keras")'),
        (
            ("re-save-through:tf2.15/h5",),
            (
                '# in tf2.15:\nmodel = load_model(path, custom_objects={"A": A})\nmodel.save("model.h5")\n'
                '# in tf2.18:\nload_model("model.h5")'
            ),
        ),
        (("pin:numpy<2",), '# pip install "numpy<2"\nload_model(path)'),
    ],
)
def test_code_to_paste(steps: tuple[str, ...], code: str) -> None:
    """A remedy is told as the code that does it."""
    some = Case(format=Format.H5, save=environment("tf2.8"), load=environment("tf2.18"), own=("A",))
    assert how(some, steps) == code
