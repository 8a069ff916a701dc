"""Which remedies are tried for which failure, in which order, and how they are told."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import releases, remedies
from runner.instructions import how
from runner.model import EnvironmentSpec, Format
from runner.record import Cause, Phase, Status
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
        assert len(set(names(both))) == len(both)
        assert step in both
        assert [ORDER.index(name) for name in names(both)] == sorted(ORDER.index(name) for name in names(both))


def test_what_a_loader_of_its_own_never_sees_is_no_part_of_the_way() -> None:
    """It takes no arguments and reads no configuration; the environment and the file's suffix are another matter."""
    assert remedies.combined(("custom-objects", "repair-config"), "saved-model-load") == ("saved-model-load",)
    kept = ("legacy-keras", "rename-suffix", "weights-into-rebuilt-model")
    assert remedies.combined(("legacy-keras", "rename-suffix", "compile-false"), kept[-1]) == kept
    assert remedies.combined(("custom-objects",), "compile-false") == ("custom-objects", "compile-false")


def test_a_model_that_was_never_compiled_is_not_left_uncompiled() -> None:
    """There is nothing that ``compile=False`` could leave out."""
    failure = Failure(status=Status.FAIL, phase=Phase.LOAD, cause=Cause.OPTIMIZER_CONFIG)
    some = case("tf2.8", "tf2.18")
    assert "compile-false" in list(remedies.candidates(some, failure))
    assert "compile-false" not in list(remedies.candidates(replace(some, compiled=False), failure))


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
        (
            ("custom-objects", "repair-config"),
            (
                "# python -m runner repair model.h5 --for tf2.18 -o repaired_model.h5 --objects save.py\n"
                'load_model("repaired_model.h5", custom_objects={"A": A})'
            ),
        ),
    ],
)
def test_code_to_paste(steps: tuple[str, ...], code: str) -> None:
    """A remedy is told as the code that does it."""
    some = Case(format=Format.H5, save=environment("tf2.8"), load=environment("tf2.18"), own=("A",))
    assert how(some, steps) == code


@pytest.mark.parametrize(
    ("through", "writes"), [("tf2.10", "tf.saved_model.save(model, "), ("tf2.15", "model.export(")]
)
def test_an_export_is_told_as_the_environment_can_do_it(through: str, writes: str) -> None:
    """Models have a method for it since Keras 2.13."""
    told = how(case("tf2.8", "tf2.18"), (f"re-save-through:{through}/export",))
    assert f'{writes}"export")' in told


def test_a_file_that_had_to_be_repaired_on_its_way_is_told_so() -> None:
    """The environment in between cannot load it as it stands."""
    told = how(case("tf2.8", "tf2.18"), ("re-save-through:tf2.15/h5",), ("repaired before it was written again",))
    assert "repair model.h5 --for tf2.15 -o repaired_model.h5" in told
    assert 'load_model("repaired_model.h5")' in told


@pytest.mark.parametrize(
    ("form", "save", "filled", "code"),
    [
        (Format.H5, "tf2.8", "load_weights", "model.load_weights(path)"),
        (Format.KERAS, "tf2.15", "load_weights", 'extract("model.weights.h5")\nmodel.load_weights("model.weights.h5")'),
        (Format.KERAS, "tf2.8", "load_weights", "model.load_weights(path)"),
        (Format.SAVEDMODEL, "tf2.8", "by order and shape", 'load_checkpoint(path + "/variables/variables")'),
        (Format.H5, "tf2.8", "by path", "(h5py) by path"),
    ],
)
def test_how_the_weights_came_into_the_model_is_told(form: Format, save: str, filled: str, code: str) -> None:
    """Where ``load_weights`` read them the code is that, and where it did not the names are said that matched."""
    done = f"weights put into the rebuilt model: {filled}"
    told = how(case(save, "tf2.18", form), ("weights-into-rebuilt-model",), (done,))
    assert code in told


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("signature serve", '.signatures["serve"](**inputs)'),
        ("a list", "load_model(path)(...)  # with a list"),
    ],
)
def test_the_call_that_worked_is_told(way: str, code: str) -> None:
    """A traced function may take its inputs in one way only."""
    assert code in how(case("tf2.15", "tf2.18", Format.SAVEDMODEL), ("call-as-traced",), (f"called with {way}",))
