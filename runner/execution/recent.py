"""The observations of saves that were read last: every cell of a save needs its, and those of all do not fit."""

from collections import OrderedDict
from pathlib import Path

from runner.execution import observations
from runner.observation import Observation

MOST = 128 * 2**20
"""Bytes on the disk of all that are kept; in memory they take about as much."""


class Recent:
    """
    Reads observations, and keeps those that were asked for last.

    Args:
        most: Bytes on the disk that all that are kept may have together.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._left = most, most
        self._kept: OrderedDict[Path, tuple[Observation, int]] = OrderedDict()

    def read(self, folder: Path) -> Observation:
        """
        Return the observation in the folder of a save that has ended.

        Raises:
            ObservationError: If there is none that can be believed.
        """
        if folder in self._kept:
            self._kept.move_to_end(folder)
            return self._kept[folder][0]
        observation = observations.read(folder)
        self.keep(folder, observation)
        return observation

    def keep(self, folder: Path, observation: Observation) -> None:
        """Keep an observation that was just read, unless there is no room for it or its files are gone already."""
        size = observations.size(folder)
        if folder in self._kept or size is None or size > self._most:
            return
        self._kept[folder] = observation, size
        self._left -= size
        while self._left < 0:
            _, (_, freed) = self._kept.popitem(last=False)
            self._left += freed
