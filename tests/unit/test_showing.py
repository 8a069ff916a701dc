"""What `run` prints, as a program of its own, in environments of the stand-in."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import SAVE, scenario

REPOSITORY = Path(__file__).parents[2]
IDS = {
    f"{name}.h5@{save}->{load}"
    for name in ("dense", "bad")
    for save in ("tf2.14", "tf2.15")
    for load in ("tf2.14", "tf2.15")
}
COMMAND = [sys.executable, "-m", "tests.run_with_fakes", "run", "--output", "out"]
LAST = re.compile(r"\[\d+:\d\d\] cells: 8 of 8; 4 pass, 2 fail, 2 blocked; environments: 2 ready\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a matrix of eight cells, half of which pass."""
    scenario(tmp_path / "scenarios", "dense", SAVE)
    scenario(tmp_path / "scenarios", "bad", "def save(path):\n    raise ValueError('100 %, [red]no[/red]')\n")
    environments = 'environments: {tf2.14: {tensorflow: "2.14"}, tf2.15: {tensorflow: "2.15"}}\n'
    scenarios = "scenarios: {dense: {formats: [h5]}, bad: {formats: [h5]}}\n"
    (tmp_path / "matrix.yaml").write_text(f"version: 1\n{environments}{scenarios}", encoding="utf-8")
    return tmp_path


def variables(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a run that is in no CI but the one that is said."""
    hidden = ("CI", "GITHUB_", "FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES", "TTY_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "CROSSLOAD_CACHE": str(folder / "cache"), **more}


def ran(folder: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run the matrix."""
    command = [*COMMAND, *arguments]
    return subprocess.run(
        command, cwd=folder, env=variables(folder, **more), capture_output=True, text=True, check=False
    )


def test_off_a_terminal_there_are_plain_lines(folder: Path) -> None:
    """Progress is a line on standard error, without any escape sequence; table and answer are on standard output."""
    done = ran(folder)
    assert done.returncode == 1
    assert LAST.fullmatch(done.stderr)
    assert "Of 8 cells, 4 pass, 2 fail, 2 blocked." in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_colours_that_are_forced_bring_no_live_view(folder: Path) -> None:
    """`FORCE_COLOR`, as many set it in CI, colours the table, and draws nothing again and again into a log."""
    done = ran(folder, FORCE_COLOR="1")
    assert LAST.fullmatch(done.stderr)
    assert "\x1b[" in done.stdout


def test_quiet(folder: Path) -> None:
    """`--quiet` shows the table and the answer and nothing else."""
    done = ran(folder, "--quiet")
    assert done.stderr == ""
    assert "Of 8 cells" in done.stdout


def test_quiet_tells_errors(folder: Path) -> None:
    """What keeps a run from running is said also when it is to be quiet, and on standard error."""
    done = ran(folder, "--quiet", "--json", "--scenario", "dens")
    assert (done.returncode, done.stdout) == (3, "")
    assert "--scenario dens matches none of" in done.stderr


def test_verbose(folder: Path) -> None:
    """`--verbose` shows each cell as it ends, in a line of its own."""
    *cells, last = ran(folder, "-v").stderr.splitlines(keepends=True)
    assert {line.split()[1] for line in cells} == IDS
    assert len(cells) == 8
    assert {line.split()[0] for line in cells} == {"pass", "fail", "blocked"}
    assert LAST.fullmatch(last)


def test_json(folder: Path) -> None:
    """`--json` prints what results.json holds, to the letter, in the place of the table; progress stays as it is."""
    done = ran(folder, "--json")
    assert done.returncode == 1
    assert done.stdout == (folder / "out" / "results.json").read_text("utf-8")
    assert {cell["id"] for cell in json.loads(done.stdout)["cells"]} == IDS
    assert LAST.fullmatch(done.stderr)


def test_json_and_a_baseline(folder: Path) -> None:
    """What is said of the baseline stands beside the JSON, and what it accepts is skipped in junit.xml."""
    accepted = ran(folder, "--json", "--accept")
    again = ran(folder, "--json")
    assert json.loads(accepted.stdout)["cells"] == json.loads(again.stdout)["cells"]
    assert (accepted.returncode, again.returncode) == (0, 0)
    assert "baseline.yaml" in accepted.stderr
    junit = (folder / "out" / "junit.xml").read_text("utf-8")
    assert (junit.count("<failure"), junit.count("<skipped")) == (0, 4)


def test_stored_results_as_json(folder: Path) -> None:
    """`report DIR --json` prints them too."""
    ran(folder, "-q")
    command = [sys.executable, "-m", "runner", "report", "out", "--json"]
    done = subprocess.run(command, cwd=folder, env=variables(folder), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout == (folder / "out" / "results.json").read_text("utf-8")


def test_on_github(folder: Path) -> None:
    """On GitHub Actions each unexpected cell is an annotation, and the report the summary of the step."""
    done = ran(folder, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(folder / "summary.md"))
    commands = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert len(commands) == 4
    assert any("100 %25, [red]no[/red]" in command for command in commands)
    assert (folder / "summary.md").read_text("utf-8").strip() == (folder / "out" / "report.md").read_text(
        "utf-8"
    ).strip()


def test_json_on_github(folder: Path) -> None:
    """Annotations do not spoil what other programs read: GitHub Actions hears them on standard error as well."""
    done = ran(folder, "--json", GITHUB_ACTIONS="true")
    assert json.loads(done.stdout)["schema"] == 1
    assert done.stderr.count("::error title=") == 4


def test_a_summary_that_cannot_be_written(folder: Path) -> None:
    """The reports and the exit status are what they are, and one is told."""
    done = ran(folder, "-q", GITHUB_STEP_SUMMARY=str(folder))
    assert done.returncode == 1
    assert "The summary of the step cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_ci_has_neither(folder: Path) -> None:
    """Elsewhere nothing on standard output is made for GitHub."""
    assert "::" not in ran(folder, CI="true").stdout


@pytest.mark.parametrize(("more", "live"), [({}, True), ({"CI": "true"}, False), ({"TERM": "dumb"}, False)])
def test_on_a_terminal(folder: Path, more: dict[str, str], live: bool) -> None:
    """On a terminal the view is drawn again in its place, unless it is one of a CI, or cannot move its cursor."""
    ours, theirs = pty.openpty()
    known = variables(folder, **{"TERM": "xterm", **more})
    with subprocess.Popen(COMMAND, cwd=folder, env=known, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b"")).decode()
        assert process.stdout
        assert "Of 8 cells" in process.stdout.read()
    os.close(ours)
    assert (b"\x1b[1A" in shown.encode()) is live
    assert LAST.search(shown.replace("\r\n", "").replace("\x1b[0m", "") + "\n")


def _read(terminal: int) -> bytes:
    """Return what is written to a terminal next; nothing once the other side has closed it (Linux says EIO)."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
