"""The command line: what is said, and what holds where nothing is said."""

from pathlib import Path

import pytest

from runner import options
from runner.plan import Filters
from runner.verdict import FailOn, FailOnChange


def test_nothing_said() -> None:
    """Without options everything is selected, what did not change is taken over, and what is unexpected fails."""
    arguments = options.parse(["run"])
    assert options.filters(arguments) == Filters()
    assert arguments.matrix == Path("matrix.yaml")
    assert arguments.output == Path("reports/latest")
    assert arguments.fresh is False
    assert arguments.fail_on is FailOn.UNEXPECTED
    assert arguments.jobs >= 1
    assert arguments.baseline is None
    assert arguments.accept is False


def test_a_difference_fails_for_what_regressed() -> None:
    """Without options `diff` prints text, and fails if something regressed."""
    arguments = options.parse(["diff", "old", "new"])
    assert (arguments.old, arguments.new, arguments.format) == (Path("old"), Path("new"), "text")
    assert arguments.fail_on is FailOnChange.REGRESSED


def test_the_command_that_accepts_names_what_was_named() -> None:
    """What is told to be pasted is about the same matrix and the same baseline."""
    plain, given = options.parse(["run"]), options.parse(["run", "--matrix", "m.yaml", "--baseline", "b.yaml"])
    assert " ".join(options.accepting(plain, Path("out"))) == "python -m runner report out --accept"
    said = "python -m runner report out --matrix m.yaml --baseline b.yaml --accept"
    assert " ".join(options.accepting(given, Path("out"))) == said


@pytest.mark.parametrize(("option", "fresh"), [("--fresh", True), ("--resume", False)])
def test_fresh_or_resume(option: str, fresh: bool) -> None:
    """`--fresh` runs everything anew, `--resume` says what holds anyway."""
    assert options.parse(["run", option]).fresh is fresh


def test_filters_repeat() -> None:
    """A filter that is given twice selects what either selects."""
    filters = options.filters(options.parse(["plan", "--save", "tf2.8", "--save", "tf2.1*", "--format", "h5"]))
    assert filters.save == ("tf2.8", "tf2.1*")
    assert filters.formats == ("h5",)


@pytest.mark.parametrize(
    "argv", [[], ["runn"], ["run", "--format", "h6"], ["run", "--jobs", "0"], ["report"], ["diff", "one"]]
)
def test_wrong_words_end_with_two(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What makes no sense ends with exit status 2 and a sentence on standard error."""
    with pytest.raises(SystemExit) as caught:
        options.parse(argv)
    assert caught.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["run", "plan", "report", "diff", "cache", "schema"])
def test_each_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`VERB --help` shows how it is used."""
    with pytest.raises(SystemExit) as caught:
        options.parse([verb, "--help"])
    assert caught.value.code == 0
    assert f"python -m runner {verb}" in capsys.readouterr().out
