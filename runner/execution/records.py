"""Cell + judgement -> record."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from runner import flaky
from runner.execution.attempts import Attempted
from runner.execution.rescue import Rescued
from runner.judgement import Judgement
from runner.model import Cell
from runner.record import Attempt, Blame, Raised, Record
from runner.writing import write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """
    Makes records, and keeps their logs.

    Attributes:
        matrix: The matrix as the user named it, for the command that runs a cell again.
        output: The output folder; logs go below it.
    """

    matrix: Path
    output: Path

    def record(
        self,
        cell: Cell,
        judgement: Judgement,
        *,
        key: str = "",
        root: str | None = None,
        attempted: Attempted | None = None,
        tries: tuple[Attempt, ...] = (),
        rescued: Rescued | None = None,
        blamed: Blame | None = None,
    ) -> Record:
        """
        Return the record of a judged cell; what it printed, and its traceback, go into its log.

        One that did not come out alike each time has no key, so that the next run does not take it over as settled.
        """
        judged = {field.name: getattr(judgement, field.name) for field in fields(judgement)}
        rescued = rescued or Rescued()
        judged["warnings"] = (*flaky.warned(tries), *judgement.warnings, *rescued.warnings)
        first = (judgement.cause,) if judgement.cause else ()
        return Record(
            id=cell.id,
            scenario=cell.scenario.name,
            format=cell.format,
            save=cell.save.name,
            load=cell.load.name,
            **judged,
            causes=tuple(dict.fromkeys((*first, *rescued.causes))),
            remedies=rescued.tried,
            blame=blamed,
            root=root,
            attempts=attempted.attempts if attempted else 0,
            tries=tries,
            seconds=attempted.ended.seconds if attempted else 0.0,
            peak_rss_mb=attempted.ended.peak_rss_mb if attempted else None,
            log=self._log(cell, attempted, judgement.exception),
            reproduce=self._reproduce(cell),
            key="" if tries else key,
        )

    def _log(self, cell: Cell, attempted: Attempted | None, raised: Raised | None) -> str | None:
        printed, traceback = attempted.seen.log if attempted else "", raised.traceback if raised else ""
        text = "\n".join(filter(None, [printed, traceback]))
        if not text:
            return None
        name = f"logs/{cell.id}.log"
        write_text(self.output / name, text)
        return name

    def _reproduce(self, cell: Cell) -> str:
        wanted = {"scenario": cell.scenario.name, "format": cell.format, "save": cell.save.name, "load": cell.load.name}
        options = [word for name, value in wanted.items() for word in (f"--{name}", value)]
        return shlex.join(_command(["--matrix", str(self.matrix), *options]))


def _command(options: Sequence[str]) -> list[str]:
    return ["python", "-m", "runner", "run", *options]
