"""An output folder, or a cache, that cannot be written: a sentence, and no damage to what is there."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.output import claimed
from runner.record import Status
from runner.results import read_journal, read_results
from tests.unit.disks import Disk
from tests.unit.places import REPOSITORY, Place

CELLS = 12
ADVICE = "Wait until it has ended, or choose another --output."

HOLDER = """
import sys, time
from pathlib import Path
from runner.record import Status
from runner.output import claimed
with claimed(Path(sys.argv[1])):
    print("claimed", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a folder with a matrix."""
    return Place(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the outcome of each cell of a run that is left alone."""
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    assert place.call("run", "--output", "out").returncode == 1
    return _outcomes(place.folder / "out")


@pytest.fixture
def holder(place: Place) -> "Iterator[subprocess.Popen[str]]":
    """Return a process that has claimed the output folder."""
    command = [sys.executable, "-c", HOLDER, str(place.folder / "out")]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "claimed\n"
    yield process
    process.kill()
    process.communicate()


def _outcomes(folder: Path) -> dict[str, str]:
    return {cell.id: cell.status for cell in read_results(folder).cells}


@pytest.mark.parametrize("words", [["run", "--fresh"], ["run", "--no-cache"]])
def test_two_runs_into_one_folder(place: Place, holder: "subprocess.Popen[str]", words: list[str]) -> None:
    """The second one says so and touches nothing; once the first is dead the folder is free, whatever it died of."""
    journal = place.folder / "out" / "results.jsonl"
    journal.write_text("the first one's\n")
    done = place.call(*words, "--output", "out")
    assert (done.returncode, done.stderr) == (4, f"Another run is writing into out. {ADVICE}\n")
    assert journal.read_text() == "the first one's\n"
    holder.kill()
    holder.wait()
    assert place.call(*words, "--output", "out").returncode == 1
    assert len(read_journal(journal)) == CELLS


def test_reports_of_a_run_that_goes_on(place: Place) -> None:
    """`report` does not write among the reports of a run, and says why."""
    assert place.call("run", "--output", "out").returncode == 1
    with claimed(place.folder / "out"):
        done = place.call("report", "out")
    assert (done.returncode, done.stderr) == (4, f"Another run is writing into out. {ADVICE}\n")


def test_a_file_is_in_the_place_of_the_folder(place: Place) -> None:
    """What is no folder is left as it is."""
    (place.folder / "out").write_text("mine")
    done = place.call("run", "--output", "out")
    assert done.returncode == 4
    assert done.stderr.startswith("out cannot be written: ")
    assert (place.folder / "out").read_text() == "mine"


@pytest.mark.parametrize("name", ["out", "cache"])
def test_read_only(place: Place, name: str) -> None:
    """A folder on a disk that is read-only ends with a sentence, and nothing of what was there is changed."""
    with Disk(place.folder / name, 10_000) as disk:
        assert place.call_on(disk, "run", "--output", "out").returncode == 1
        before = sorted(path.name for path in disk.root.rglob("*"))
        disk.remount("ro")
        done = place.call_on(disk, "run", "--output", "out")
        after = sorted(path.name for path in disk.root.rglob("*"))
    assert done.returncode == 4
    assert "cannot be written: Read-only file system. Choose another --output" in done.stderr
    assert "Traceback" not in done.stderr
    assert before == after


def _full(place: Place) -> bool:
    """Tell whether every cell that could not be judged says that the disk is full."""
    judged = [cell for cell in read_results(place.folder / "out").cells if cell.status is Status.ERROR]
    return bool(judged) and all("disk is full" in cell.explanation for cell in judged)


@pytest.mark.parametrize("kilobytes", [4, 16, 40, 80])
@pytest.mark.parametrize("name", ["out", "cache"])
def test_the_disk_is_full(place: Place, undisturbed: dict[str, str], name: str, kilobytes: int) -> None:
    """Whenever a disk is full it is said in a sentence; with more room the next run goes on, and comes out the same."""
    with Disk(place.folder / name, kilobytes) as disk:
        done = place.call_on(disk, "run", "--output", "out")
        said = "No space left on device" in done.stderr or _full(place)
        disk.remount("size=100m")
        again = place.call_on(disk, "run", "--output", "out")
        outcomes = _outcomes(disk.root if name == "out" else place.folder / "out")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert said
    assert (again.returncode, outcomes) == (1, undisturbed)
