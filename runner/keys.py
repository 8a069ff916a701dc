"""
What decides a result: equal keys mean that nothing needs to run again.

Keys come from content. A save is decided by the scenario's files, the format, the environment and the harness; a cell
by that save, the load environment and the rules that judge it.

All files of a scenario decide its saves, its load scripts too: a save script may import or read any of them, in ways
that neither Python (3.6 has no audit hooks) nor the harness sees (TensorFlow opens files by itself). To guess wrong
would be a wrong table; to save once more is a second.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Protocol

from runner.environments import HARNESS
from runner.errors import UsageError
from runner.model import Cell, Limits
from runner.plan import SaveJob
from runner.record import Cause, Phase, Status
from runner.remedies import Failure, can_be_tried

_HERE = Path(__file__).parent
_RULES = (
    "blame.py",
    "causes.yaml",
    "diagnosis.py",
    "drift.py",
    "fingerprint.py",
    "flaky.py",
    "frames.py",
    "instructions.py",
    "judgement.py",
    "model.py",
    "observation.py",
    "record.py",
    "remedies.py",
)
_RULE_FOLDERS = ("comparison", "execution")


class Judged(Protocol):
    """What has been judged: a judgement, or the record of one."""

    @property
    def status(self) -> Status:
        """Return the status."""

    @property
    def phase(self) -> Phase | None:
        """Return how far it came."""

    @property
    def cause(self) -> Cause | None:
        """Return why it is no pass."""


class Keys:
    """
    Digests of the files that a run depends on, each read once.

    Args:
        tried: What was asked to be done about cells that fail.
        harness: Folder of what runs inside every environment.
    """

    def __init__(self, limits: Limits, tried: tuple[str, ...] = (), harness: Path = HARNESS) -> None:
        self._limits = limits
        self._harness = harness
        self._tried = tried
        self._folders: dict[Path, str] = {}

    def save(self, save: SaveJob, environment: str) -> str:
        """
        Return what decides an artifact.

        Args:
            environment: Digest of the environment that it is saved in.
        """
        scenario = save.scenario
        parts = (self._folder(scenario.folder), scenario.save, save.format, scenario.call, environment)
        return _digest(*parts, self._folder(self._harness), str(self._limits))

    def cell(self, cell: Cell, saved: str, environment: str) -> str:
        """
        Return what decides a record.

        Args:
            saved: Key of the save.
            environment: Digest of the environment that it is loaded in.
        """
        scenario = cell.scenario
        return _digest(
            saved, environment, str(scenario.load), str(scenario.tolerance), str(scenario.training), _rules()
        )

    def outcome(self, cell: str, judged: Judged) -> str:
        """
        Return what decides a record: for one that remedies are for, also which of them were to be tried.

        Args:
            cell: Key of the cell.
        """
        if not can_be_tried(Failure(status=judged.status, phase=judged.phase, cause=judged.cause)):
            return cell
        return _digest(cell, *self._tried)

    def _folder(self, folder: Path) -> str:
        if folder not in self._folders:
            self._folders[folder] = folder_digest(folder)
        return self._folders[folder]


def folder_digest(folder: Path) -> str:
    """Return a digest of the names and contents of all files in a folder, byte code left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return _digest(*(f"{path.relative_to(folder)}\0{_file_digest(path)}" for path in files))


@cache
def _rules() -> str:
    folders = [folder_digest(_HERE / name) for name in _RULE_FOLDERS]
    return _digest(*folders, *(_file_digest(_HERE / name) for name in _RULES))


def _file_digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}. It belongs to what decides a result.") from error


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
