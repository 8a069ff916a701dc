"""The verb `repair` before anything is run, what it writes, and what it prints."""

from pathlib import Path

import pytest

from runner.__main__ import main
from runner.errors import OutputError, UsageError
from runner.execution.repairing import Repaired, put
from runner.judgement import Judgement
from runner.record import Cause, Comparison, Raised, Status
from runner.report.repaired import told

PASSED = Judgement(status=Status.PASS, comparison=Comparison(max_abs=0.0))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a matrix and what looks like a model."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "save.py").write_text("def save(path): ...")
    (tmp_path / "matrix.yaml").write_text(
        'version: 1\nenvironments: {old: {tensorflow: "2.15.1"}}\nscenarios: {s: {formats: [h5], folder: s}}\n'
    )
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "link.h5").symlink_to("model.h5")
    (tmp_path / "taken.h5").write_bytes(b"")
    (tmp_path / "text.h5").write_text("no model")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("missing.h5", "--for", "old", "-o", "out.h5"), "There is no missing.h5."),
        (("text.h5", "--for", "old", "-o", "out.h5"), "neither HDF5"),
        (("link.h5", "--for", "old", "-o", "out.h5"), "is a symbolic link"),
        (("s", "--for", "old", "-o", "out"), "cannot be read"),
        (("model.h5", "--for", "odl", "-o", "out.h5"), "perhaps you meant 'old'"),
        (("model.h5", "--for", "old", "-o", "taken.h5"), "exists already"),
        (("model.h5", "--for", "old", "-o", "link.h5"), "exists already"),
        (("model.h5", "--for", "old", "-o", "out.keras"), "must end in .h5"),
        (("model.h5", "--for", "old", "-o", "nowhere/out.h5"), "There is no folder nowhere"),
        (("model.h5", "--for", "old", "-o", "out.h5", "--objects", "none.py"), "There is no file none.py"),
    ],
)
def test_every_mistake_is_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    """It is said before an environment is asked for, and nothing is written."""
    before = sorted(folder.iterdir())
    assert main(["repair", *arguments]) == UsageError.exit_status
    assert words in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_a_copy_is_written_whole_and_over_nothing(tmp_path: Path) -> None:
    """What came into its place meanwhile stays, and nothing is left beside it."""
    copy, out = tmp_path / "copy.h5", tmp_path / "out" / "model.h5"
    out.parent.mkdir()
    copy.write_bytes(b"one")
    put(copy, out)
    copy.write_bytes(b"two")
    with pytest.raises(UsageError, match="exists by now"):
        put(copy, out)
    assert [(each.name, each.read_bytes()) for each in out.parent.iterdir()] == [("model.h5", b"one")]
    copy.write_bytes(b"three")
    with pytest.raises(OutputError):
        put(copy, tmp_path / "gone" / "model.h5")


@pytest.mark.parametrize(
    ("repaired", "words"),
    [
        (Repaired(judgement=PASSED, reference="new"), "an unchanged copy. old loads it, and it gives"),
        (Repaired(judgement=PASSED, reference="new", changes=("x",)), "old loads it, and it gives what the original"),
        (Repaired(judgement=PASSED, changes=("x",)), "not proved: no environment"),
        (
            Repaired(judgement=Judgement(status=Status.PASS, comparison=Comparison()), reference="new"),
            "not proved: nothing of the original",
        ),
        (Repaired(judgement=PASSED, reference="new", compiled=False), "Load it with compile=False"),
        (Repaired(reference="new"), "Nothing was found to repair"),
        (
            Repaired(judgement=Judgement(status=Status.DRIFT, cause=Cause.NUMERIC_DRIFT, explanation="By 3.")),
            "in old it gives something else",
        ),
        (Repaired(judgement=Judgement(status=Status.FAIL, cause=Cause.CUSTOM_OBJECT_MISSING)), "--objects"),
        (Repaired(judgement=Judgement(status=Status.FAIL, cause=Cause.UNSAFE_DESERIALIZATION)), "--trust"),
        (
            Repaired(
                judgement=Judgement(
                    status=Status.FAIL,
                    cause=Cause.SCENARIO_ERROR,
                    explanation="The scenario is wrong.",
                    exception=Raised(type="ScenarioError", message="the model does not say what inputs it takes"),
                )
            ),
            "does not say what inputs",
        ),
    ],
)
def test_what_is_proved_and_what_is_not_is_said(repaired: Repaired, words: str) -> None:
    """A copy that loads is not yet one that gives the same; there is no scenario to speak of."""
    assert words in told(repaired, "old", Path("out.h5"))


def test_what_comes_from_the_model_is_shown_harmless() -> None:
    """Names in a configuration may hold what a terminal would obey."""
    shown = told(Repaired(judgement=PASSED, changes=("a\x1b[2Jb",)), "old", Path("out.h5"))
    assert "\x1b" not in shown
