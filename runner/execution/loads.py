"""One load of a saved artifact: what is asked of the harness."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from runner.execution.saves import Saved
from runner.execution.servers import LOAD_SEED, Job
from runner.model import Cell, Format


def load_job(cell: Cell, saved: Saved, folder: Path, remedies: Sequence[str] = ()) -> Job:
    """
    Return the job that loads what was saved, as the scenario does or with remedies.

    Args:
        folder: The job's own.
    """
    return replace(
        saved.job,
        id=folder.name,
        kind="load",
        folder=folder,
        script=cell.scenario.load,
        saved=saved.job.folder,
        seed=LOAD_SEED,
        remedies=tuple(remedies),
    )


def remedy_job(cell: Cell, saved: Saved, folder: Path, remedies: Sequence[str]) -> Job:
    """Return the job that tries remedies: as `load_job`, but for the training step, which they are not judged by."""
    return replace(load_job(cell, saved, folder, remedies), training=False)


def resave_job(cell: Cell, saved: Saved, folder: Path, target: Format, remedies: Sequence[str]) -> Job:
    """Return the job that loads what was saved and writes it in another format, below the folder of the job."""
    written = folder / "resaved" / target.path
    job = load_job(cell, saved, folder, remedies)
    return replace(job, kind="resave", target=written, target_format=target)


def load_resaved_job(
    cell: Cell, saved: Saved, folder: Path, resaved: Path, written: Format, remedies: Sequence[str]
) -> Job:
    """Return the job that loads what a `resave_job` in the folder `resaved` wrote, by the format's own loader."""
    artifact = resaved / "resaved"
    job = remedy_job(cell, saved, folder, remedies)
    return replace(job, script=None, format=written, artifact=artifact, path=artifact / written.path)
