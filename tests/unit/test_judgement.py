"""What was seen of a job, and what it means."""

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runner.diagnosis import Side
from runner.judgement import Judgement, Seen, judge_load, judge_save, training_difference
from runner.model import Format, Scenario
from runner.observation import Array, Observation, OptimizerSeen
from runner.record import Cause, Phase, Raised, Status

OLD, NEW = Side(name="old", versions={"keras": "2.8.0"}), Side(name="new", versions={"keras": "3.3.3"})
SCENARIO = Scenario(name="one", folder=Path("one"), formats=(Format.H5,))
SAVED = Observation(phase=Phase.SAVE, deterministic=True)
LOADED = Observation(phase=Phase.PREDICT)
DONE = Seen(ended="exit", status=0, phase=Phase.PREDICT, observation=LOADED)
GONE = Seen(ended="exit", status=0, phase=Phase.LOAD, observation=None, damage="it left nothing")


def load(seen: Seen, saved: Observation = SAVED, scenario: Scenario = SCENARIO) -> Judgement:
    """Judge a load."""
    return judge_load(saved, seen, scenario, (OLD, NEW), 120)


def raising(kind: str, message: str, *, in_scenario: bool = False, log: str = "") -> Seen:
    """Return a load that ended with an exception."""
    raised = Raised(type=kind, message=message)
    observation = Observation(phase=Phase.LOAD, exception=raised, in_scenario=in_scenario)
    return Seen(ended="exit", status=1, phase=Phase.LOAD, observation=observation, log=log)


def optimizer(iterations: float | None = 3.0, learning_rate: float | None = 0.1) -> OptimizerSeen:
    """Return what is seen of an optimizer."""
    return OptimizerSeen(name="SGD", iterations=iterations, learning_rate=learning_rate)


def trained(value: float) -> Observation:
    """Return what is seen of a model after a training step that gave it this weight."""
    weight = Array(layer="a", name="weight", dtype="float64", value=np.array([value]))
    return Observation(phase=Phase.PREDICT, loss=1.0, optimizer=optimizer(), arrays={"trained": (weight,)})


def test_good_end() -> None:
    """A save that did what it should has an artifact; a load that did passes."""
    assert judge_save(DONE, OLD, 120) == Judgement(status=Status.PASS)
    assert load(DONE).status is Status.PASS


@pytest.mark.parametrize(
    ("seen", "status", "cause", "said"),
    [
        (replace(GONE, status=5), Status.FAIL, Cause.SCENARIO_ERROR, "status 5"),
        (GONE, Status.FAIL, Cause.SCENARIO_ERROR, "it left nothing"),
        (replace(GONE, status=127), Status.UNSUPPORTED, None, "127"),
        (replace(GONE, status=70, log="OSError: No space left on device"), Status.ERROR, Cause.DISK_FULL, "disk"),
        (replace(GONE, log="terminate: std::bad_alloc"), Status.ERROR, Cause.OUT_OF_MEMORY, "memory"),
        (replace(GONE, ended="signal", status=signal.SIGSEGV), Status.CRASH, Cause.UNRECOGNISED, "SIGSEGV"),
        (replace(GONE, ended="signal", status=250), Status.CRASH, Cause.UNRECOGNISED, "signal 250"),
        (
            replace(GONE, ended="signal", status=signal.SIGABRT, log="what(): std::bad_alloc"),
            Status.ERROR,
            Cause.OUT_OF_MEMORY,
            "memory",
        ),
        (replace(GONE, ended="timeout"), Status.TIMEOUT, Cause.UNRECOGNISED, "120 seconds"),
        (replace(GONE, ended="memory"), Status.ERROR, Cause.OUT_OF_MEMORY, "limits.memory_mb"),
        (replace(GONE, ended="disk"), Status.ERROR, Cause.DISK_FULL, "limits.disk_mb"),
        (raising("ConfinementError", "no"), Status.ERROR, Cause.UNRECOGNISED, "could not be kept from the others: no."),
        (raising("ConfinementError", "no", in_scenario=True), Status.FAIL, Cause.SCENARIO_ERROR, "own code"),
        (replace(GONE, ended="lost"), Status.ERROR, Cause.UNRECOGNISED, "lost"),
        (replace(GONE, ended="stopped"), Status.ERROR, Cause.UNRECOGNISED, "lost"),
        (raising("ValueError", "what is this"), Status.FAIL, Cause.UNRECOGNISED, ""),
        (raising("ValueError", "mine", in_scenario=True), Status.FAIL, Cause.SCENARIO_ERROR, "own code"),
        (raising("MemoryError", ""), Status.ERROR, Cause.OUT_OF_MEMORY, "memory"),
        (raising("OSError", "[Errno 28] No space left on device"), Status.ERROR, Cause.DISK_FULL, "disk"),
    ],
)
def test_ends(seen: Seen, status: Status, cause: Cause | None, said: str) -> None:
    """How a process ended gives a status, a cause and a sentence, on both sides."""
    for judgement in (load(seen), judge_save(seen, OLD, 120)):
        assert (judgement.status, judgement.cause) == (status, cause)
        assert said in judgement.explanation


def test_phase() -> None:
    """A load that left no word of how far it came died loading; all of the save side is phase save."""
    unknown = replace(GONE, phase=None)
    assert load(unknown).phase is Phase.LOAD
    assert load(replace(unknown, phase=Phase.TRAIN)).phase is Phase.TRAIN
    assert judge_save(unknown, OLD, 120).phase is Phase.SAVE
    assert judge_save(replace(GONE, phase=Phase.TRAIN), OLD, 120).phase is Phase.SAVE


def test_unsupported_outranks() -> None:
    """A script that says that it does not apply is believed, however its process ended then."""
    declined = Observation(phase=Phase.LOAD, unsupported="only on GPUs")
    judgement = load(Seen(ended="timeout", status=9, phase=Phase.LOAD, observation=declined))
    assert judgement == Judgement(status=Status.UNSUPPORTED, explanation="The script says so: only on GPUs.")


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (None, None, []),
        (None, optimizer(), []),
        (optimizer(), optimizer(), []),
        (optimizer(), None, ["optimizer-lost"]),
        (optimizer(), optimizer(iterations=0.0), ["optimizer-state-lost"]),
        (optimizer(), optimizer(iterations=None), ["optimizer-state-lost"]),
        (optimizer(iterations=0.0), optimizer(iterations=None), []),
        (optimizer(), optimizer(learning_rate=0.1 + 1e-9), []),
        (optimizer(), optimizer(learning_rate=0.01), ["optimizer-state-lost"]),
        (optimizer(), optimizer(learning_rate=None), []),
        (optimizer(float("nan"), float("nan")), optimizer(), ["optimizer-state-lost"]),
    ],
)
def test_optimizer(before: OptimizerSeen | None, after: OptimizerSeen | None, kinds: list[str]) -> None:
    """What is lost of an optimizer is a warning of a cell that passes."""
    judgement = load(replace(DONE, observation=replace(LOADED, optimizer=after)), replace(SAVED, optimizer=before))
    assert judgement.status is Status.PASS
    assert [warned.kind for warned in judgement.warnings] == kinds


def test_training() -> None:
    """A training step that differs is a warning, and a failure where the scenario asks for it."""
    seen = replace(DONE, observation=trained(2.0))
    assert [warned.kind for warned in load(seen, trained(1.0)).warnings] == ["training-differs"]
    judgement = load(seen, trained(1.0), replace(SCENARIO, training=True))
    assert (judgement.status, judgement.phase, judgement.cause) == (Status.FAIL, Phase.TRAIN, Cause.OPTIMIZER_STATE)
    assert load(seen, trained(2.0), replace(SCENARIO, training=True)).status is Status.PASS


def test_training_that_was_not_possible() -> None:
    """A training step that was made before saving only says why it was not made after."""
    after = replace(trained(1.0), loss=None, notes={"training": "TypeError: no targets"})
    assert training_difference(trained(1.0), after, SCENARIO) == (
        "One training step was made before saving, none after: TypeError: no targets."
    )
    assert training_difference(after, trained(1.0), SCENARIO) is None


def test_drift_says_where() -> None:
    """Drift names the environment that it shows in, and by how much."""
    sides = [
        Observation(phase=phase, arrays={"outputs": (Array(layer="", name="out", dtype="f8", value=np.array(value)),)})
        for phase, value in ((Phase.SAVE, [1.0]), (Phase.PREDICT, [1.5]))
    ]
    judgement = load(replace(DONE, observation=sides[1]), sides[0])
    assert (judgement.status, judgement.cause) == (Status.DRIFT, Cause.NUMERIC_DRIFT)
    assert judgement.explanation.startswith("It loads in new, and gives something else: out differs by up to 0.5")
