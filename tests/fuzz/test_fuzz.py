"""Whatever comes in, there is a result or an error in words: no traceback, no hang, no gigabyte."""

from functools import cache
from pathlib import Path

import pytest

from runner.baseline.document import read_baseline
from runner.harness.repair import artifacts, config
from runner.matrix import read_matrix
from runner.results import read_journal, read_results
from tests.fuzz import batches, keras
from tests.fuzz.__main__ import Tried
from tests.fuzz.target import ROOT
from tests.fuzz.targets import TARGETS

LEAST = 10_000


@cache
def tried(name: str) -> Tried:
    """Try the inputs of a target, once for all tests."""
    return batches.run(name, TARGETS[name].inputs)


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_is_read_or_refused_in_words(name: str) -> None:
    """Changed in thousands of ways, an input gives a result or a sentence, soon and in little memory."""
    outcome = tried(name)
    assert not outcome.finding, outcome.finding


def test_what_inputs_are_made_of_is_valid(tmp_path: Path) -> None:
    """What is changed gets far, as it was right before: matrices with scenarios, results with cells, models to mend."""
    for name in ("matrix.yaml", "baseline.yaml", "results.json", "results.jsonl"):
        (tmp_path / name).write_bytes(TARGETS[name].seeds()[0])
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    assert read_matrix(tmp_path / "matrix.yaml").scenarios
    assert read_baseline(tmp_path / "baseline.yaml").rows
    assert read_results(tmp_path / "results.json").cells
    assert read_journal(tmp_path / "results.jsonl")
    for kind in ("h5", "keras"):
        path = tmp_path / f"model.{kind}"
        path.write_bytes(TARGETS[f"artifact .{kind}"].seeds()[0])
        artifacts.check(str(path))
        assert config.repair(keras.tensorflow("3.5.0"), kind, str(path), str(tmp_path / f"out.{kind}"))


def test_inputs_are_thousands() -> None:
    """All targets together try ten thousand inputs in every run of the tests."""
    assert sum(tried(name).inputs for name in TARGETS) >= LEAST


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("planted traceback", "KeyError: 'planted'"),
        ("planted traceback, confined", "KeyError: 'planted'"),
        ("planted hang", "TooSlowError"),
        ("planted hang, confined", "TooSlowError"),
        ("planted memory", " MiB"),
        ("planted memory, confined", " MiB"),
        ("planted death", "it ended with status -11"),
    ],
)
def test_what_no_reader_may_do_is_found(name: str, said: str) -> None:
    """A traceback, a hang, a gigabyte and a death are told, whatever a reader catches."""
    assert said in batches.run(name, 1).finding


def test_a_death_under_limits_is_an_outcome() -> None:
    """Where jobs have limits, a library that dies over an input is counted, and is no finding."""
    outcome = batches.run("planted death, confined", 3)
    assert (outcome.finding, outcome.ended) == ("", outcome.inputs)
