"""Equal keys mean that nothing needs to run again; whatever decides an outcome changes its key."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runner import keys
from runner.environments import HARNESS
from runner.errors import UsageError
from runner.keys import Keys, folder_digest
from runner.model import Call, Cell, Format, Limits, Scenario, Tolerance
from runner.plan import SaveJob
from tests.fakes import environment

HERE = environment("tf1")


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    """Return a scenario of two files."""
    for name in ("save.py", "load.py"):
        (tmp_path / name).write_text(name)
    return Scenario(name="one", folder=tmp_path, formats=(Format.H5,), load="load.py")


def save_key(scenario: Scenario, limits: Limits | None = None, environment_digest: str = "e") -> str:
    """Return the key of a save, as a new run has it."""
    wanted = SaveJob(scenario=scenario, format=scenario.formats[0], environment=HERE)
    return Keys(limits or Limits()).save(wanted, environment_digest)


def cell_key(scenario: Scenario, saved: str = "s", environment_digest: str = "e") -> str:
    """Return the key of a cell, as a new run has it."""
    cell = Cell(scenario=scenario, format=scenario.formats[0], save=HERE, load=HERE)
    return Keys(Limits()).cell(cell, saved, environment_digest)


def test_same_content_has_the_same_key(scenario: Scenario, tmp_path: Path) -> None:
    """A key tells content only: not the folder's place, its times, byte code, or the scenario's name."""
    before = save_key(scenario), cell_key(scenario)
    (tmp_path / "save.py").touch()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "save.pyc").touch()
    moved = replace(scenario, name="two", folder=tmp_path.rename(tmp_path.with_name("elsewhere")))
    assert (save_key(moved), cell_key(moved)) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "save.py").write_text("other"),
        lambda folder: (folder / "load.py").write_text("other"),
        lambda folder: (folder / "data").mkdir() or (folder / "data" / "words.txt").touch(),
        lambda folder: (folder / "load.py").rename(folder / "other.py"),
        lambda folder: (folder / "load.py").unlink(),
    ],
    ids=["content", "other-content", "added", "renamed", "removed"],
)
def test_files_decide(scenario: Scenario, change: Callable[[Path], object]) -> None:
    """Every file of a scenario decides what it saves, by its name and its content."""
    before = save_key(scenario)
    change(scenario.folder)
    assert save_key(scenario) != before


def test_what_decides_a_save(scenario: Scenario) -> None:
    """The format, the call, the environment and the limits decide a save."""
    keys = [
        save_key(scenario),
        save_key(replace(scenario, formats=(Format.KERAS,))),
        save_key(replace(scenario, call=Call.PREDICT)),
        save_key(scenario, environment_digest="other"),
        save_key(scenario, limits=Limits(seconds=1.0)),
        save_key(scenario, limits=Limits(memory_mb=1)),
        save_key(scenario, limits=Limits(disk_mb=1)),
        save_key(replace(scenario, save="other.py")),
    ]
    assert len(set(keys)) == len(keys)


def test_what_decides_a_cell(scenario: Scenario) -> None:
    """The save, the load environment, the load script and the rules of the judgement decide a cell."""
    keys = [
        cell_key(scenario),
        cell_key(scenario, saved="other"),
        cell_key(scenario, environment_digest="other"),
        cell_key(scenario, environment_digest=""),
        cell_key(replace(scenario, load=None)),
        cell_key(replace(scenario, load="other.py")),
        cell_key(replace(scenario, tolerance=Tolerance(atol=1.0))),
        cell_key(replace(scenario, training=True)),
    ]
    assert len(set(keys)) == len(keys)


def test_harness_decides(scenario: Scenario, tmp_path: Path) -> None:
    """Every module of the harness decides every save, and with it every cell."""
    wanted = SaveJob(scenario=scenario, format=Format.H5, environment=HERE)
    harness = tmp_path.with_name(f"{tmp_path.name}-harness")
    shutil.copytree(HARNESS, harness, ignore=shutil.ignore_patterns("__pycache__"))
    seen = {Keys(Limits(), harness=harness).save(wanted, "e")}
    assert seen == {Keys(Limits()).save(wanted, "e")}
    modules = sorted(harness.glob("*.py"))
    for module in modules:
        module.write_text(module.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        seen.add(Keys(Limits(), harness=harness).save(wanted, "e"))
    assert len(seen) == len(modules) + 1


def test_how_to_load_does_not_decide_the_save(scenario: Scenario) -> None:
    """A tolerance, or another script to load with, leaves the artifact as good as it was."""
    other = replace(scenario, load=None, tolerance=Tolerance(atol=1.0), training=True)
    assert save_key(other) == save_key(scenario)


def test_file_that_cannot_be_read(scenario: Scenario) -> None:
    """A file of a scenario that cannot be read is an error that names it."""
    (scenario.folder / "memory").symlink_to("/proc/self/mem")
    with pytest.raises(UsageError, match="memory cannot be read"):
        save_key(scenario)


def test_names_and_contents_are_kept_apart(tmp_path: Path) -> None:
    """What stands in a name in one folder and in a content in another does not make them the same."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, names in ((first, ["a", "bc"]), (second, ["ab", "c"])):
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    assert folder_digest(first) != folder_digest(second)


def test_all_that_names_a_cause_decides_a_record() -> None:
    """What the diagnosis and the judgement are made of is among the rules: a change there judges cells anew."""
    decided = {name.removesuffix(".py") for name in keys._RULES} | set(keys._RULE_FOLDERS)
    for module in ("diagnosis.py", "judgement.py", "drift.py"):
        text = (Path(keys.__file__).parent / module).read_text(encoding="utf-8")
        ours = re.findall(r"^from runner(?:\.(\w+)[\w.]*)? import (.+)$", text, re.MULTILINE)
        used = {name for package, names in ours for name in ([package] if package else names.split(", "))}
        assert used <= decided, f"{module} uses {used - decided}"
