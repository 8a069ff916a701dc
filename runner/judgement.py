"""What was seen of one job -> what it means: a status, a phase, a cause in words. Pure."""

import signal
from dataclasses import dataclass, replace

from runner import comparison, diagnosis
from runner.diagnosis import Diagnosis, Side
from runner.model import Scenario
from runner.observation import Observation
from runner.record import Cause, Comparison, Phase, Raised, Status, Warned

_UNJUDGEABLE = (Cause.OUT_OF_MEMORY, Cause.DISK_FULL)
_UNCONFINED = "ConfinementError"
NOTHING_TO_LOAD = "There is nothing to load, as it could not be saved: "
"""What is said of a cell whose save failed, before what is said of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    All that is known of a job that has ended.

    Attributes:
        ended: ``exit``, ``signal``, ``timeout``, ``memory``, ``disk``, ``processes``, ``stopped`` or
            ``lost``.
        status: Exit status, or the number of the signal.
        phase: How far it came, where there is no observation.
        observation: None if the process left none that can be believed.
        damage: Why there is none, in words.
        log: The end of what it printed.
        confirmed: Whether it came out so twice, once of it in a fresh process.
    """

    ended: str
    status: int
    phase: Phase | None
    observation: Observation | None
    damage: str = ""
    log: str = ""
    confirmed: bool = False

    @property
    def how(self) -> str:
        """Return how the process ended, in a word or two."""
        if self.ended == "exit":
            return f"exit {self.status}"
        return _signal(self.status) if self.ended == "signal" else self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The meaning of a job, without the cell's names; see `record.Record`."""

    status: Status
    phase: Phase | None = None
    cause: Cause | None = None
    explanation: str = ""
    sources: tuple[str, ...] = ()
    exception: Raised | None = None
    comparison: Comparison | None = None
    warnings: tuple[Warned, ...] = ()


def judge_save(seen: Seen, side: Side, seconds: float) -> Judgement:
    """
    Judge the save side of a cell.

    Args:
        side: The environment.
        seconds: The limit that it ran under.
    """
    side = replace(side, own=seen.observation.own if seen.observation else None)
    failed = _judge_end(replace(seen, phase=Phase.SAVE), side, side, seconds)
    return failed or Judgement(status=Status.PASS)


def judge_load(
    saved: Observation, seen: Seen, scenario: Scenario, sides: tuple[Side, Side], seconds: float
) -> Judgement:
    """
    Judge a cell whose artifact exists.

    Args:
        saved: What the save side saw.
        sides: The save and the load environment.
        seconds: The limit that it ran under.
    """
    save, load = replace(sides[0], own=saved.own), sides[1]
    failed = _judge_end(replace(seen, phase=seen.phase or Phase.LOAD), save, load, seconds)
    if failed or seen.observation is None:
        return failed or _lost(seen)
    compared = comparison.compare(saved, seen.observation, scenario.tolerance)
    warnings = (*_noise(compared), *_warnings(saved, seen.observation, scenario))
    if compared.cause:
        return Judgement(
            status=Status.DRIFT,
            phase=Phase.PREDICT,
            cause=compared.cause,
            explanation=f"It loads in {sides[1].name}, and gives something else: {compared.text}.",
            comparison=compared.comparison,
            warnings=warnings,
        )
    return _judge_training(saved, seen.observation, scenario) or Judgement(
        status=Status.PASS, comparison=compared.comparison, warnings=warnings
    )


def judge_resave(seen: Seen, sides: tuple[Side, Side], seconds: float) -> Judgement | None:
    """
    Judge how an artifact was led through another environment; None if that one wrote what it was asked for.

    Args:
        sides: The environment that saved, and the one in between.
    """
    failed = _judge_end(replace(seen, phase=seen.phase or Phase.LOAD), *sides, seconds)
    if failed is None:
        return None
    what = "load it" if failed.phase is Phase.LOAD else "write it again"
    return replace(failed, explanation=f"{sides[1].name} cannot {what}: {failed.explanation}")


def _noise(compared: comparison.Compared) -> tuple[Warned, ...]:
    return (Warned(kind="float-noise", text=f"{compared.noise}."),) if compared.noise else ()


def _judge_end(seen: Seen, save: Side, load: Side, seconds: float) -> Judgement | None:
    """Judge how the process ended; None if it did what it should."""
    if seen.observation and seen.observation.unsupported is not None:
        return Judgement(status=Status.UNSUPPORTED, explanation=f"The script says so: {seen.observation.unsupported}.")
    if seen.ended in ("lost", "stopped"):
        return _lost(seen)
    if seen.ended == "memory":
        text = "It used more memory than its limit (`limits.memory_mb`) or the machine has, and was ended."
        return Judgement(status=Status.ERROR, phase=seen.phase, cause=Cause.OUT_OF_MEMORY, explanation=text)
    if seen.ended == "disk":
        text = "It put more into its folder than its limit (`limits.disk_mb`, or 100,000 files), or the disk is full."
        return Judgement(status=Status.ERROR, phase=seen.phase, cause=Cause.DISK_FULL, explanation=text)
    if seen.ended == "processes":
        text = "It started process after process, more than 256 at a time, and was ended."
        return Judgement(status=Status.FAIL, phase=seen.phase, cause=Cause.SCENARIO_ERROR, explanation=text)
    if seen.ended == "timeout":
        again = ", not in a fresh process either" if seen.confirmed else ""
        text = f"It did not end within {seconds:g} seconds (`limits.seconds`){again}."
        return _died(Status.TIMEOUT, seen, save, load, text)
    if seen.ended == "signal":
        return _judge_signal(seen, save, load)
    if seen.observation is None:
        return _judge_silence(seen, save, load)
    if seen.observation.exception:
        return _judge_exception(seen, seen.observation, save, load)
    return None


def _judge_exception(seen: Seen, observation: Observation, save: Side, load: Side) -> Judgement:
    raised = observation.exception or Raised(type="", message="")
    if raised.type == _UNCONFINED and not observation.in_scenario:
        text = f"It was not run, as it could not be kept from the others: {raised.message}."
        return Judgement(status=Status.ERROR, cause=Cause.UNRECOGNISED, explanation=text, exception=raised)
    found = diagnosis.diagnose(observation.phase, raised, seen.log, save, load)
    if found.cause is Cause.UNRECOGNISED and observation.in_scenario:
        found = Diagnosis(cause=Cause.SCENARIO_ERROR, explanation="The scenario's own code raised it.")
    return _failed(Status.FAIL, observation.phase, found, raised)


def _failed(status: Status, phase: Phase | None, found: Diagnosis, raised: Raised | None = None) -> Judgement:
    return Judgement(
        status=Status.ERROR if found.cause in _UNJUDGEABLE else status,
        phase=phase,
        cause=found.cause,
        explanation=found.explanation,
        sources=found.sources,
        exception=raised,
    )


def _judge_signal(seen: Seen, save: Side, load: Side) -> Judgement:
    text = f"The process died of {_signal(seen.status)}{', in a fresh process too' if seen.confirmed else ''}."
    return _died(Status.CRASH, seen, save, load, text)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _died(status: Status, seen: Seen, save: Side, load: Side, text: str) -> Judgement:
    """Judge a process that raised nothing, by the end of what it printed."""
    found = diagnosis.diagnose(seen.phase, Raised(type="", message=""), seen.log, save, load)
    why = found.explanation or "The end of its log may say why."
    return _failed(status, seen.phase, replace(found, explanation=f"{text} {why}"))


def _judge_silence(seen: Seen, save: Side, load: Side) -> Judgement:
    """Judge a process that left on its own without an observation."""
    if seen.status == 127:
        return Judgement(status=Status.UNSUPPORTED, explanation="The script says so: it exited with status 127.")
    found = diagnosis.diagnose(seen.phase, Raised(type="", message=""), seen.log, save, load)
    if found.cause in _UNJUDGEABLE:
        return _failed(Status.ERROR, seen.phase, found)
    if seen.damage and seen.status in (0, 1):
        text = f"The process ended itself with status {seen.status} before it was done; {seen.damage}."
    else:
        text = f"The process ended itself with status {seen.status} before it was done (os._exit, or a library's exit)."
    return Judgement(status=Status.FAIL, phase=seen.phase, cause=Cause.SCENARIO_ERROR, explanation=text)


def _lost(seen: Seen) -> Judgement:
    text = "The worker was lost twice, so nothing is known about compatibility. Run again; if it stays so, see the log."
    return Judgement(status=Status.ERROR, phase=seen.phase, cause=Cause.UNRECOGNISED, explanation=text)


def _judge_training(saved: Observation, loaded: Observation, scenario: Scenario) -> Judgement | None:
    """Judge the training step where the scenario asks for it."""
    text = training_difference(saved, loaded, scenario)
    if not scenario.training or text is None:
        return None
    return Judgement(status=Status.FAIL, phase=Phase.TRAIN, cause=Cause.OPTIMIZER_STATE, explanation=text)


def training_difference(saved: Observation, loaded: Observation, scenario: Scenario) -> str | None:
    """Say how one training step differs after loading; None if it does not, or was not made before saving."""
    if saved.loss is None:
        return None
    if loaded.loss is None:
        return f"One training step was made before saving, none after: {loaded.notes.get('training', 'no optimizer')}."
    before, after = saved.arrays.get("trained", ()), loaded.arrays.get("trained", ())
    compared = comparison.compare_weights(before, after, scenario.tolerance)
    if compared.cause is None:
        return None
    return f"One training step gives other weights (by up to {compared.comparison.weights_max_abs:.3g})."


def _warnings(saved: Observation, loaded: Observation, scenario: Scenario) -> tuple[Warned, ...]:
    found = []
    if saved.deterministic is False:
        text = "Two calls before saving gave different outputs: outputs were not compared, weights were."
        found.append(Warned(kind="not-deterministic", text=text))
    if saved.optimizer and not loaded.optimizer:
        found.append(Warned(kind="optimizer-lost", text="The loaded model is not compiled."))
    elif (lost := _state_lost(saved, loaded)) is not None:
        found.append(Warned(kind="optimizer-state-lost", text=lost))
    elif (differs := training_difference(saved, loaded, scenario)) is not None:
        found.append(Warned(kind="training-differs", text=differs))
    return tuple(found)


def _state_lost(saved: Observation, loaded: Observation) -> str | None:
    before, after = saved.optimizer, loaded.optimizer
    if not before or not after:
        return None
    if before.iterations and before.iterations != after.iterations:
        return f"The optimizer counted {before.iterations:g} before saving, and {after.iterations or 0:g} after."
    if before.learning_rate is not None and after.learning_rate is not None:
        apart = abs(before.learning_rate - after.learning_rate)
        if apart > 1e-6 * abs(before.learning_rate):
            return f"The learning rate was {before.learning_rate:g} and is {after.learning_rate:g}."
    return None
