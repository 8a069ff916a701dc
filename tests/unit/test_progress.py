"""What is shown while a run goes on: in lines, and in frames of a view of any size."""

import io
import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from runner.progress import Display, display, is_live
from runner.progress.frame import Frame
from runner.progress.lines import INTERVAL, SILENCE, Lines
from runner.progress.live import LiveView
from runner.progress.state import Progress, begun, with_environment, with_record
from runner.progress.words import clock, per_second
from runner.record import Cause, Record, Status
from tests.unit.test_results import RECORD

FAILED = replace(RECORD, id="bad.h5@a->b", status=Status.FAIL, cause=Cause.OP_MISSING, seconds=0.31)
ESCAPE = "\x1b[2J[red]"


class Terminal(io.StringIO):
    """A file that says that it is a terminal."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


@dataclass
class Clock:
    """A clock that goes on when it is told to."""

    now: float = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def file_console() -> Console:
    """Return a console that is a file."""
    return Console(file=io.StringIO(), width=80, force_terminal=False)


def written(console: Console) -> str:
    """Return what a console wrote."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def lines(console: Console, time: Clock, *, each: bool = False) -> Lines:
    """Return lines whose ticks are those of the test."""
    return Lines(console, 20, ("a", "b"), time, each=each)


def drawn(progress: Progress, width: int, height: int, now: float = 130.0) -> list[str]:
    """Return the lines of a frame."""
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None, force_terminal=True)
    console.print(Frame(progress, now))
    return written(console).splitlines()


def busy(environments: int, failures: int) -> Progress:
    """Return a run with environments in every state, some of which have names that are too long, and failures."""
    states = ["waiting", "resolving", "pulling", "installing", "importing", "ready", "error", ESCAPE]
    progress = begun(5_000, [f"tf2.{number}-{'long' * (number % 9)}" for number in range(environments)], 100.0)
    for number, name in enumerate(list(progress.environments)):
        progress = with_environment(progress, name, states[number % len(states)], 100.0 + number / 10)
    for number in range(failures):
        progress = with_record(
            progress, replace(FAILED, id=f"{number}{ESCAPE}{'x' * (number % 90)}"), 105.0 + number / 5
        )
    return progress


def heard(progress: Progress, *records: tuple[Record, float]) -> Progress:
    """Return the progress after these cells at these times."""
    for record, now in records:
        progress = with_record(progress, record, now)
    return progress


@given(st.integers(1, 200), st.integers(2, 60), st.integers(0, 40), st.integers(0, 30))
def test_a_frame_fits_any_terminal(width: int, height: int, environments: int, failures: int) -> None:
    """Whatever there is to show, no line is longer than the terminal, no frame is as high, and nothing controls it."""
    shown = drawn(busy(environments, failures), width, height)
    assert max(map(len, shown)) <= width
    assert len(shown) < height
    assert all(char.isprintable() for line in shown for char in line)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (40, 15)])
def test_a_frame_says_what_matters(width: int, height: int) -> None:
    """At usual sizes one sees the states of the environments, what is done of all, and the failures as they come."""
    shown = "\n".join(drawn(busy(30, 30), width, height))
    assert "environments: 4 waiting, 4 resolving" in shown
    assert "30 of 5,000" in shown
    assert "1.2/s" in shown
    assert re.search(r"^fail {5}29\\x1b", shown, re.MULTILINE)


def test_thirty_environments_collapse() -> None:
    """Where there is no room for all names, those that wait or are ready are but counted, then some of the others."""
    shown = drawn(busy(30, 5), 40, 15)
    assert not [line for line in shown if "✓" in line or "·" in line]
    assert any(re.fullmatch(r"and \d+ more at work", line) for line in shown)
    assert "✓" in "".join(drawn(busy(30, 5), 120, 40))


def test_every_environment_is_shown_or_counted() -> None:
    """The environments at work are those that are named, and those that are said to be more."""
    shown = "\n".join(drawn(busy(30, 0), 60, 12))
    more = int(re.findall(r"and (\d+) more at work", shown)[0])
    assert len(re.findall(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏✗] tf2", shown)) + more == 22


def test_what_an_environment_does_and_for_how_long() -> None:
    """An environment at work has the name of its state, whatever that is, and its time; a ready one has its mark."""
    progress = with_environment(begun(0, ["a", "b", "c"], 100.0), "a", "pulling", 110.0)
    (_, names, *_) = drawn(with_environment(progress, "b", "ready", 120.0), 80, 24, now=175.0)
    assert re.fullmatch(r". a pulling 1:05  ✓ b  · c", names)


def test_consequences_are_no_news() -> None:
    """Of the cells that do not pass, those are shown that failed themselves: none blocked or without environment."""
    blocked = replace(RECORD, status=Status.BLOCKED)
    lost = replace(RECORD, status=Status.ERROR, cause=Cause.ENVIRONMENT_INSTALL)
    progress = heard(begun(9, [], 0.0), (FAILED, 1.0), (blocked, 2.0), (lost, 3.0), (RECORD, 4.0))
    assert progress.failed == (FAILED,)
    assert (progress.done, progress.not_passing) == (4, 3)


def test_the_rate_is_that_of_late() -> None:
    """What was taken over at once from an earlier run does not make the rest seem short."""
    progress = begun(2_000, [], 0.0)
    for _ in range(1_000):
        progress = with_record(progress, RECORD, 0.0)
    assert progress.left(3.0) is None
    for second in range(1, 121):
        progress = with_record(progress, RECORD, float(second))
    assert progress.rate(120.0) == pytest.approx(1.0)
    assert progress.left(120.0) == pytest.approx(880.0)
    assert progress.left(500.0) is None


@given(st.lists(st.floats(0, 1000), max_size=50), st.floats(0, 2000))
def test_time_left_is_never_negative(times: list[float], later: float) -> None:
    """At any time the rate is unknown or not negative, and so is the time left."""
    progress = begun(60, [], 0.0)
    for now in sorted(times):
        progress = with_record(progress, RECORD, now)
    now = max([later, *times])
    assert (progress.rate(now) or 0.0) >= 0.0
    assert (progress.left(now) or 0.0) >= 0.0


def test_words_for_times_and_rates() -> None:
    """Times are told to the second, rates in the unit in which they are no fraction."""
    assert [clock(seconds) for seconds in (0, 59.4, 61, 3_661)] == ["0:00", "0:59", "1:01", "1:01:01"]
    assert [per_second(rate) for rate in (120.4, 2.34, 0.2)] == ["120/s", "2.3/s", "12/min"]


def test_lines_are_few() -> None:
    """A thousand events in five seconds are no line, the next one ten seconds after the last tells of them all."""
    console, time = file_console(), Clock()
    view = lines(console, time)
    for number in range(1_000):
        time.now = 100.0 + number / 200
        view.environment("a", f"state {number}")
        view.speak()
    assert written(console) == ""
    time.now = 100.0 + INTERVAL
    view.record(FAILED)
    view.speak()
    view.speak()
    assert written(console) == "[0:10] cells: 1 of 20; 0 pass, 1 fails; environments: 1 state 999, 1 waiting\n"


def test_lost_environments_are_named() -> None:
    """One that reads a log learns at once which environment could not be made."""
    console, time = file_console(), Clock()
    with lines(console, time) as view:
        view.environment("a", "error")
    assert written(console) == "[0:00] cells: 0 of 20; environments: 1 error (a), 1 waiting\n"


def test_silence_is_broken() -> None:
    """Where nothing happens, nothing is said for a minute, then that it still goes on."""
    console, time = file_console(), Clock()
    view = lines(console, time)
    for second in range(int(SILENCE) + 5):
        time.now = 100.0 + second
        view.speak()
    assert written(console).count("\n") == 1


def test_there_is_always_a_last_line() -> None:
    """However short the run was, its end is told, even if it ended badly."""
    console, time = file_console(), Clock()
    view = lines(console, time)
    with pytest.raises(KeyboardInterrupt):
        _interrupted(view)
    assert written(console) == "[0:00] cells: 1 of 20; 1 pass; environments: 2 waiting\n"


def test_each_cell_has_a_line_if_wanted() -> None:
    """When each cell is to be shown it is, at once, on one line that holds nothing but text."""
    console, time = file_console(), Clock()
    with lines(console, time, each=True) as view:
        view.record(FAILED)
        view.record(replace(RECORD, id=f"[red]{ESCAPE}\n{'x' * 200}", seconds=0.0))
        assert written(console).splitlines() == [
            "fail        bad.h5@a->b op-missing (0.31 s)",
            f"pass        [red]\\x1b[2J[red]\\n{'x' * 200}",
        ]


def _interrupted(view: Lines) -> None:
    with view:
        view.record(RECORD)
        raise KeyboardInterrupt


@pytest.mark.parametrize("each", [False, True])
def test_the_live_view_leaves_one_line(each: bool) -> None:
    """What is drawn on a terminal is taken away when the run ends, but for what is told of each cell, and the end."""
    console = Console(file=Terminal(), width=80, height=24, force_terminal=True, color_system=None)
    with LiveView(console, 2, ("a",), Clock(), each=each) as view:
        view.environment("a", "importing")
        view.record(FAILED)
        view.record(RECORD)
    kept = [line for line in _screen(written(console)) if line]
    told = ["fail        bad.h5@a->b op-missing (0.31 s)", "pass        dense.h5@a->b"] if each else []
    assert kept == [*told, "[0:00] cells: 2 of 2; 1 pass, 1 fails; environments: 1 importing"]


def _screen(text: str) -> list[str]:
    """Return what a terminal shows in the end: of the sequences, those that rich writes for a live view are known."""
    rows, row = [""], 0
    for part in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", text):
        match part:
            case "\n":
                row += 1
                rows += [""] * (row == len(rows))
            case "\x1b[2K":
                rows[row] = ""
            case "\r" | "\x1b[?25l" | "\x1b[?25h":
                pass
            case _ if part.startswith("\x1b"):
                assert part.endswith("A"), part
                row = max(0, row - int(part[2:-1]))
            case _:
                rows[row] = part
    return rows


def test_a_terminal_of_another_size_is_drawn_anew() -> None:
    """When the window was resized the screen is cleared: what was drawn is no longer where it was."""
    console = Console(file=Terminal(), width=80, height=24, force_terminal=True, color_system=None)
    with LiveView(console, 2, ("a",), Clock(), each=True) as view:
        view.record(RECORD)
        assert "\x1b[2J" not in written(console)
        console.size = console.size._replace(width=60)
    assert written(console).count("\x1b[2J") == 1


@pytest.mark.parametrize(
    ("console", "variables", "live"),
    [
        (Console(file=Terminal(), force_terminal=True), {}, True),
        (Console(file=Terminal(), force_terminal=True), {"CI": "false"}, True),
        (Console(file=Terminal(), force_terminal=True), {"CI": "true"}, False),
        (Console(file=Terminal(), force_terminal=True, _environ={"TERM": "dumb"}), {}, False),
        (Console(file=io.StringIO(), _environ={"FORCE_COLOR": "1"}), {}, False),
        (Console(file=io.StringIO()), {}, False),
    ],
)
def test_who_sees_the_live_view(console: Console, variables: dict[str, str], live: bool) -> None:
    """A view that is drawn again is for terminals alone: not for CI, files or terminals that cannot move."""
    assert is_live(console, variables) is live


def test_quiet_is_quiet() -> None:
    """Nothing is shown when nothing is to be."""
    console = file_console()
    shown: Display
    with display(console, 2, ("a",), quiet=True) as shown:
        shown.environment("a", "ready")
        shown.record(FAILED)
    assert written(console) == ""


def test_without_cells_environments_are_told() -> None:
    """Where cells are not counted, as for a repair, one hears of the environments."""
    console, time = file_console(), Clock()
    values: dict[str, Any] = {"cells": 0, "environments": (), "clock": time, "each": False}
    with Lines(console, **values) as view:
        view.environment("a", "installing")
    assert written(console) == "[0:00] environments: 1 installing\n"
