"""Output folders that are read to be merged, and the one that is written."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from runner.errors import UsageError
from runner.results import read_results
from runner.shards.agreement import Output
from runner.shards.merging import Merged
from runner.writing import to_json, write_bytes, write_text


def unfinished(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders of runs that did not end: they have a journal, and no results."""
    return tuple(
        folder for folder in folders if (folder / "results.jsonl").exists() and not (folder / "results.json").exists()
    )


def read_outputs(folders: Sequence[Path], target: Path) -> tuple[Output, ...]:
    """
    Read what finished runs left.

    Args:
        target: Where they will be merged.

    Raises:
        UsageError: If a folder has no results, or there is none, or one is the target.
    """
    if target.resolve() in {folder.resolve() for folder in folders}:
        raise UsageError(f"{target} is one of the folders that are merged: name another one with --output.")
    left_over = unfinished(folders)
    ended = [folder for folder in folders if folder not in left_over]
    if not ended:
        raise UsageError(f"No run in {', '.join(map(str, folders))} has ended: the same commands go on from there.")
    return tuple(Output(folder=folder, results=read_results(folder), pins=_pins(folder)) for folder in ended)


def write_rest(merged: Merged, target: Path) -> None:
    """
    Write what stands beside the reports: the journal, from which a run can go on, the pins and the logs.

    Raises:
        OutputError: If it cannot be written.
    """
    plain = (replace(cell, with_itself=None, expected=False, accepted=None) for cell in merged.results.cells)
    write_text(target / "results.jsonl", "".join(f"{to_json(cell)}\n" for cell in plain))
    for name, text in merged.pins.items():
        write_text(target / "environments" / f"{name}.txt", text)
    for cell in merged.results.cells:
        if cell.log:
            _copy_log(f"{cell.id}.log", merged.folders[cell.id] / "logs", target / "logs")


def _pins(folder: Path) -> dict[str, str]:
    """Return what was installed; the file of an environment that was not needed, and so not made, is empty."""
    files = sorted((folder / "environments").glob("*.txt"))
    texts = {file.stem: file.read_text(encoding="utf-8", errors="replace") for file in files}
    return {name: text for name, text in texts.items() if text.strip()}


def _copy_log(name: str, source: Path, target: Path) -> None:
    """Copy a log, if it is still there."""
    with suppress(FileNotFoundError):
        write_bytes(target / name, (source / name).read_bytes())
