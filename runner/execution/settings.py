"""How a run is to be done."""

from dataclasses import dataclass
from pathlib import Path

from runner.remedies import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    How to run.

    Attributes:
        cache: Folder that keeps environments and artifacts between runs.
        output: Folder for the journal and the logs.
        jobs: How many children may run at a time.
        fresh: Whether to save again what was saved before.
        no_cache: Whether to take no save and no record from earlier runs, and to leave later ones none.
        remedies: How many ways out are tried for a cell that fails.
        trust: Whether a remedy may run code from an artifact on this machine.
        blame: Whether to find out which difference between two environments breaks a cell.
    """

    cache: Path
    output: Path
    jobs: int
    fresh: bool = False
    no_cache: bool = False
    remedies: Mode = Mode.FIRST
    trust: bool = False
    blame: bool = False
