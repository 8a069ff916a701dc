"""The observations of the last saves are at hand, and no more of them than fit."""

import json
from pathlib import Path

import numpy as np
import pytest

from runner.execution import observations
from runner.execution.observations import ObservationError
from runner.execution.recent import Recent
from tests.unit.test_observations import write


def folders(parent: Path, number: int) -> list[Path]:
    """Return folders with an observation in each."""
    made = [parent / str(each) for each in range(number)]
    for folder in made:
        folder.mkdir()
        write(folder)
    return made


def size(folder: Path) -> int:
    """Return how large an observation is that is there."""
    return observations.size(folder) or 0


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    """All cells of a save get the same observation."""
    recent, (folder,) = Recent(), folders(tmp_path, 1)
    assert recent.read(folder) is recent.read(folder)


def test_what_was_just_seen_is_not_read(tmp_path: Path) -> None:
    """An observation that is at hand as the save has just ended is kept as it is."""
    recent, (folder,) = Recent(), folders(tmp_path, 1)
    seen = observations.read(folder)
    recent.keep(folder, seen)
    assert recent.read(folder) is seen


def test_the_last_ones_are_kept(tmp_path: Path) -> None:
    """Where there is no room for another one, that which was asked for longest ago goes."""
    first, second, third = folders(tmp_path, 3)
    recent = Recent(most=2 * size(first))
    kept, gone = recent.read(first), recent.read(second)
    assert recent.read(first) is kept
    recent.read(third)
    assert recent.read(first) is kept
    assert recent.read(second) is not gone


def test_one_that_is_too_large_pushes_out_no_other(tmp_path: Path) -> None:
    """An observation for which there is no room at all is read whenever it is needed."""
    small, large = folders(tmp_path, 2)
    recent = Recent(most=size(small))
    kept = recent.read(small)
    (large / "observation.json").write_text(json.dumps(json.loads((large / "observation.json").read_text()), indent=2))
    assert recent.read(large) is not recent.read(large)
    assert recent.read(small) is kept


def test_one_that_goes_at_once(tmp_path: Path) -> None:
    """What a save removes as soon as it was seen is not kept, and no error."""
    recent, (folder,) = Recent(), folders(tmp_path, 1)
    seen = observations.read(folder)
    (folder / "observation.json").unlink()
    recent.keep(folder, seen)
    with pytest.raises(ObservationError):
        recent.read(folder)


def test_one_that_is_gone(tmp_path: Path) -> None:
    """What cannot be read is told, and not kept."""
    recent, (folder,) = Recent(), folders(tmp_path, 1)
    (folder / "arrays.npz").unlink()
    with pytest.raises(ObservationError):
        recent.read(folder)
    np.savez(folder / "arrays.npz", a0=np.array([1, 2], "float32"))
    assert recent.read(folder).arrays["outputs"]
