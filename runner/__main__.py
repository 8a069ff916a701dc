"""
The verbs: each is a short sequence of stages, and this is the one place that prints and exits.

matrix.yaml -> Matrix -> Plan -> environments -> observations -> records -> reports.
"""

import argparse
import gc
import json
import os
import platform
import shlex
import signal
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from runner import __version__, options
from runner.errors import RunnerError, UnjudgeableError, UsageError
from runner.matrix import environment, json_schema, read_matrix
from runner.model import Matrix
from runner.output import claimed
from runner.plan import Plan, plan
from runner.record import Record
from runner.remedies import Mode
from runner.verdict import FailOn, exit_status

if TYPE_CHECKING:
    from runner.baseline.gate import Held, Stored
    from runner.execution.run import Executed
    from runner.execution.settings import Options
    from runner.progress import Display
    from runner.results import Results

T = TypeVar("T")

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit status."""
    arguments = options.parse(argv)
    try:
        return _VERBS[arguments.verb](arguments)
    except RunnerError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def run(arguments: argparse.Namespace) -> int:
    """Run the matrix: plan, execute, judge, report."""
    wanted, against = _wanted(arguments), _baseline(arguments)
    with claimed(arguments.output):
        return _run(wanted, against, arguments)


def _run(wanted: Plan, against: "Stored | None", arguments: argparse.Namespace) -> int:
    started, clock = datetime.now(UTC), time.monotonic()
    try:
        executed = _execute(wanted, arguments)
    except KeyboardInterrupt:
        print("Interrupted. What finished is kept: the same command goes on from there.", file=sys.stderr)
        return INTERRUPTED
    from runner.report import write_reports  # with pandas, which the cells need not wait for

    results = _results(wanted, executed, arguments, started, time.monotonic() - clock)
    held = _held(results, against, wanted.matrix, arguments.accept) if against else None
    results = held.results if held else results
    _write_pins(arguments.output / "environments", executed.pins)
    write_reports(results, arguments.output)
    _print(results, arguments.output, as_json=arguments.json)
    _print_around(results, held, arguments)
    return _status(results, arguments.fail_on)


def preview(arguments: argparse.Namespace) -> int:
    """Print what `run` would do."""
    from runner.preview import preview

    print(preview(_wanted(arguments), arguments.jobs))
    return 0


def report(arguments: argparse.Namespace) -> int:
    """Write every report again, or those of several folders as one."""
    if arguments.output or len(arguments.directories) > 1:
        return _merge(arguments)
    from runner.report import write_reports
    from runner.results import read_results

    (directory,) = arguments.directories
    results = read_results(directory)
    held = None
    if arguments.accept or arguments.baseline:
        matrix, against = read_matrix(arguments.matrix), _baseline(arguments)
        held = _held(results, against, matrix, arguments.accept) if against else None
        results = held.results if held else results
    with claimed(directory):
        write_reports(results, directory)
    _print(results, directory, as_json=arguments.json)
    if held:
        _print_gate(held, arguments, directory)
    return _status(results, arguments.fail_on) if arguments.fail_on else 0


def _merge(arguments: argparse.Namespace) -> int:
    """Merge output folders, and end as a run of all that they hold would."""
    from runner.report import write_reports
    from runner.shards.folders import read_outputs, unfinished, write_rest
    from runner.shards.merging import merge

    if not arguments.output:
        raise UsageError("Several folders are merged into another one: name it with --output DIR.")
    matrix, against = read_matrix(arguments.matrix), _baseline(arguments)
    merged = merge(read_outputs(arguments.directories, arguments.output), matrix)
    held = _held(merged.results, against, matrix, arguments.accept) if against else None
    results = held.results if held else merged.results
    with claimed(arguments.output):
        write_rest(merged, arguments.output)
        write_reports(results, arguments.output)
    _print(results, arguments.output, as_json=arguments.json)
    left_out = [f"{folder} is left out: its run has not ended." for folder in unfinished(arguments.directories)]
    print(*left_out, *merged.notes, sep="\n", end="\n" * bool(left_out or merged.notes), file=sys.stderr)
    _print_around(results, held, arguments)
    return _status(results, arguments.fail_on or FailOn.UNEXPECTED)


def diff(arguments: argparse.Namespace) -> int:
    """Compare two runs."""
    from rich.console import Console

    from runner.difference import difference, exit_status
    from runner.report import difference as report
    from runner.results import read_results

    found = difference(read_results(arguments.old), read_results(arguments.new))
    match arguments.format:
        case "json":
            print(report.to_json(found), end="")
        case "markdown":
            print(report.to_markdown(found), end="")
        case _:
            Console().print(report.render(found))
    return exit_status(found, arguments.fail_on)


def repair(arguments: argparse.Namespace) -> int:
    """Write a copy of a model that an environment can load."""
    from runner.environments.backends import builders
    from runner.execution import repairing
    from runner.report.repaired import told

    matrix = read_matrix(arguments.matrix, arguments.backend)
    target = environment(matrix, arguments.environment)
    repairing.check_names(arguments.artifact, arguments.output)
    loading = repairing.Arguments(objects=_script(arguments.objects), trusted=arguments.trust)
    how = _how(arguments)
    try:
        with _display(0, ()) as display, builders(matrix, how.jobs) as backends:
            wanted = repairing.repair(
                arguments.artifact, matrix, target, arguments.output, backends, how, display, loading
            )
            repaired = _to_its_end(wanted)
    except KeyboardInterrupt:
        print("Interrupted. No copy was written.", file=sys.stderr)
        return INTERRUPTED
    print(told(repaired, target.name, arguments.output))
    return 1 if not repaired.loads else 0 if repaired.reference else UnjudgeableError.exit_status


def schema(arguments: argparse.Namespace) -> int:
    """Print a JSON Schema."""
    from runner.results import results_schema

    print(json.dumps(results_schema() if arguments.results else json_schema(), indent=2))
    return 0


def cache(arguments: argparse.Namespace) -> int:
    """Say what is in the cache, or make room in it."""
    from runner.cache import cache_folder
    from runner.cache.contents import contents
    from runner.cache.pruning import prune
    from runner.report import cached as report

    folder = cache_folder()
    if arguments.action == "prune":
        pruned = prune(folder, arguments.max_size, dry=arguments.dry_run)
        print(report.pruned(pruned, arguments.max_size, dry=arguments.dry_run))
    elif arguments.json:
        print(report.to_json(contents(folder)))
    else:
        print(report.to_text(contents(folder)))
    return 0


_VERBS = {
    "run": run,
    "plan": preview,
    "report": report,
    "diff": diff,
    "repair": repair,
    "cache": cache,
    "schema": schema,
}


def _wanted(arguments: argparse.Namespace) -> Plan:
    """Return what is to be done: all that is selected, or one part of it."""
    wanted = plan(read_matrix(arguments.matrix, arguments.backend), options.filters(arguments))
    if not arguments.shard:
        if arguments.times:
            raise UsageError("--times says how a run is cut into shards: name the one to run with --shard I/N.")
        return wanted
    from runner.shards.parts import part, told
    from runner.shards.times import read_times

    mine = part(wanted, arguments.shard, read_times(arguments.times))
    print(told(mine, arguments.shard, wanted), file=sys.stderr)
    return mine.plan


def _status(results: "Results", fail_on: FailOn) -> int:
    """Return the exit status of a run; a cell that is missing could not be judged."""
    return UnjudgeableError.exit_status if results.run.missing else exit_status(results.cells, fail_on)


def _execute(wanted: Plan, arguments: argparse.Namespace) -> "Executed":
    """Execute the plan below a display."""
    from runner.environments.backends import builders
    from runner.execution.run import execute

    gc.freeze()  # what was imported lives until the end: the collector need not look through it again and again
    known, how = _known(arguments), _how(arguments)
    names = tuple(spec.name for spec in wanted.environments)
    showing = _display(len(wanted.cells), names, quiet=arguments.quiet, each=arguments.verbose)
    with showing as display, builders(wanted.matrix, how.jobs) as backends:
        return _to_its_end(execute(wanted, backends, known, how, display))


def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end; SIGTERM ends it as Ctrl-C does, where a background job ignores that, too."""
    import asyncio

    try:
        return asyncio.run(_terminable(work))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _terminable(work: Coroutine[Any, Any, T]) -> T:
    import asyncio

    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def _display(cells: int, environments: tuple[str, ...], *, quiet: bool = False, each: bool = False) -> "Display":
    from rich.console import Console

    from runner.progress import display

    return display(Console(stderr=True), cells, environments, quiet=quiet, each=each)


def _how(arguments: argparse.Namespace) -> "Options":
    from runner.cache import cache_folder
    from runner.execution.settings import Options

    return Options(
        cache=cache_folder(),
        output=arguments.output,
        jobs=arguments.jobs,
        fresh=getattr(arguments, "fresh", False),
        no_cache=getattr(arguments, "no_cache", False),
        remedies=getattr(arguments, "remedies", Mode.NONE),
        trust=getattr(arguments, "trust", False),
        blame=getattr(arguments, "blame", False),
    )


def _script(path: Path | None) -> Path | None:
    if path and not path.is_file():
        raise UsageError(f"There is no file {path}, which should define the model's own classes.")
    return path


def _known(arguments: argparse.Namespace) -> Mapping[str, Record]:
    """Return what an earlier run into the same folder found; `--fresh` forgets it, `--no-cache` leaves it alone."""
    from runner.results import read_journal

    if arguments.no_cache:
        return {}

    journal = arguments.output / "results.jsonl"
    if arguments.fresh:
        journal.unlink(missing_ok=True)
    return read_journal(journal)


def _results(
    wanted: Plan, executed: "Executed", arguments: argparse.Namespace, started: datetime, seconds: float
) -> "Results":
    from runner.results import Results, Run
    from runner.verdict import answer, completed

    cells = completed(executed.records)
    return Results(
        run=Run(
            started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            seconds=round(seconds, 3),
            runner=__version__,
            matrix=wanted.matrix.digest,
            host={
                "system": platform.system(),
                "release": platform.release(),
                "machine": platform.machine(),
                "python": platform.python_version(),
                "cores": os.cpu_count(),
            },
            filters=options.filters(arguments),
            shard=str(arguments.shard) if arguments.shard else None,
        ),
        environments=executed.environments,
        cells=cells,
        answer=answer(cells, executed.environments),
    )


def _baseline(arguments: argparse.Namespace) -> "Stored | None":
    from runner.baseline.gate import stored

    return stored(arguments.baseline, arguments.matrix, accept=arguments.accept)


def _held(results: "Results", against: "Stored", matrix: Matrix, accept: bool) -> "Held":
    from runner.baseline.gate import hold

    return hold(results, against, matrix, datetime.now().astimezone().date(), accept=accept)


def _print_around(results: "Results", held: "Held | None", arguments: argparse.Namespace) -> None:
    """Print what stands beside the answer: the gate, and what GitHub Actions reads."""
    from runner.report.words import new

    if held:
        _print_gate(held, arguments, arguments.output)
    elif new(results.cells) and not results.run.shard and not arguments.json:
        print(f"To fail only for what is new from now on: {shlex.join(options.accepting(arguments, arguments.output))}")
    if not results.run.shard:
        _tell_github(results, sys.stderr if arguments.json else sys.stdout)


def _print_gate(held: "Held", arguments: argparse.Namespace, output: Path) -> None:
    from rich.console import Console

    from runner.report.gate import render

    Console(stderr=arguments.json).print(render(held, options.accepting(arguments, output)))


def _write_pins(folder: Path, pins: Mapping[str, Sequence[str]]) -> None:
    from runner.writing import write_text

    for name, lines in pins.items():
        write_text(folder / f"{name}.txt", "".join(f"{line}\n" for line in lines))


def _print(results: "Results", output: Path, *, as_json: bool = False) -> None:
    """Print the table and the answer, or what results.json holds."""
    if as_json:
        sys.stdout.buffer.write((output / "results.json").read_bytes())
        sys.stdout.buffer.flush()
        return
    from rich.console import Console

    from runner.report.terminal import render

    Console().print(render(results, output))


def _tell_github(results: "Results", stream: TextIO) -> None:
    """Make annotations and the summary of the step where GitHub Actions runs this; it reads both streams."""
    from runner.report.github import annotations, append_summary, is_here

    if is_here(os.environ):
        for command in annotations(results.cells):
            print(command, file=stream, flush=True)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            append_summary(results, Path(summary))
        except OSError as error:
            print(f"The summary of the step cannot be written ({error}); the reports are.", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
