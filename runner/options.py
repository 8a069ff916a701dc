"""The command line."""

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path

from runner import __version__
from runner.model import Backend, Format
from runner.plan import Filters
from runner.remedies import Mode
from runner.shards import Shard, shard
from runner.verdict import FailOn, FailOnChange

_EXAMPLES = {
    "run": "python -m runner run --scenario 'lstm*' --load tf2.21",
    "plan": "python -m runner plan --env 'tf2.1*'",
    "report": "python -m runner report reports/latest",
    "diff": "python -m runner diff last-week/results.json reports/latest",
    "repair": "python -m runner repair model.h5 --for tf2.18 -o repaired.h5",
    "cache": "python -m runner cache prune --max-size 20GB",
    "schema": "python -m runner schema > matrix.schema.json",
}


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments of one verb; argparse ends the program with 2 if they are wrong."""
    return _parser().parse_args(argv)


def filters(arguments: argparse.Namespace) -> Filters:
    """Return what the arguments leave in."""
    return Filters(
        environments=tuple(arguments.env),
        save=tuple(arguments.save),
        load=tuple(arguments.load),
        scenarios=tuple(arguments.scenario),
        formats=tuple(map(Format, arguments.format)),
    )


def accepting(arguments: argparse.Namespace, output: Path) -> list[str]:
    """Return the command that accepts what a run wrote into a folder, under the same matrix and baseline."""
    given = {"--matrix": arguments.matrix, "--baseline": arguments.baseline}
    said = [(name, value) for name, value in given.items() if value not in (None, Path("matrix.yaml"))]
    words = [str(word) for pair in said for word in pair]
    return ["python", "-m", "runner", "report", str(output), *words, "--accept"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="crossload",
        description="Will my saved models survive the upgrade? A compatibility matrix for TensorFlow/Keras.",
    )
    parser.add_argument("--version", action="version", version=f"crossload {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    run = _verb(verbs, "run", "run the matrix, write the reports, print the table and the answer")
    _add_selection(run)
    _add_running(run)
    _add_showing(run)
    _add_selection(_verb(verbs, "plan", "print what `run` would do and what it would cost; run nothing"))
    report = _verb(verbs, "report", "write every report again from the stored results")
    _add_report(report)
    _add_diff(_verb(verbs, "diff", "compare two runs: what regressed, what was fixed, what else changed"))
    _add_repair(_verb(verbs, "repair", "write a copy of a model that an environment can load, and prove it"))
    _add_cache(_verb(verbs, "cache", "say what is in the cache, or make room in it"))
    schema = _verb(verbs, "schema", "print the JSON Schema of matrix.yaml")
    schema.add_argument("--results", action="store_true", help="of results.json instead")
    return parser


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    return verbs.add_parser(name, help=text, description=text.capitalize() + ".", epilog=f"example: {_EXAMPLES[name]}")


def _add_selection(parser: argparse.ArgumentParser) -> None:
    _add_matrix(parser)
    for option, metavar, text in (
        ("--env", "GLOB", "environments, whether to save or to load in"),
        ("--save", "GLOB", "environments to save in"),
        ("--load", "GLOB", "environments to load in"),
        ("--scenario", "GLOB", "scenarios"),
    ):
        parser.add_argument(option, action="append", default=[], metavar=metavar, help=f"{text}; may be repeated")
    parser.add_argument(
        "--format",
        action="append",
        default=[],
        choices=[str(each) for each in Format],
        metavar="NAME",
        help=f"one of {', '.join(Format)}; may be repeated",
    )
    _add_backend(parser)
    _add_jobs(parser)
    _add_shard(parser)


def _add_repair(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "artifact", type=Path, metavar="ARTIFACT", help="a .h5 or .keras file, or a SavedModel directory"
    )
    parser.add_argument("--for", dest="environment", required=True, metavar="ENV", help="environment of the matrix")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="where to write the copy")
    parser.add_argument(
        "--objects",
        type=Path,
        metavar="SCRIPT",
        help="Python file with the model's own classes and functions; it is run",
    )
    parser.add_argument("--trust", action="store_true", help="allow a model that brings code of its own, which is run")
    _add_matrix(parser)
    _add_backend(parser)
    _add_jobs(parser)


def _add_backend(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--backend",
        type=Backend,
        choices=list(Backend),
        metavar="NAME",
        help=f"what builds the environments and runs the cells: {', '.join(Backend)}; default: as the matrix says",
    )


def _add_matrix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--matrix", type=Path, default=Path("matrix.yaml"), metavar="FILE", help="default: matrix.yaml")


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs",
        type=_positive,
        default=cores(),
        metavar="N",
        help="cells that run at a time; default: one for each core",
    )


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, default=Path("reports/latest"), metavar="DIR", help="default: reports/latest"
    )
    parser.set_defaults(fresh=False)
    resume = parser.add_mutually_exclusive_group()
    resume.add_argument(
        "--resume",
        dest="fresh",
        action="store_false",
        help="take over what did not change since the last run (default)",
    )
    resume.add_argument("--fresh", action="store_true", help="save and load everything anew")
    resume.add_argument(
        "--no-cache",
        action="store_true",
        help="the same, and leave nothing that a later run takes over; environments are used again",
    )
    parser.add_argument(
        "--remedies",
        type=Mode,
        choices=list(Mode),
        default=Mode.FIRST,
        metavar="WHICH",
        help="ways out that are tried for what fails: first (until one works; default), all, none",
    )
    parser.add_argument("--trust", action="store_true", help="allow remedies that run code from the artifact here")
    _add_baseline(parser)
    parser.add_argument("--blame", action="store_true", help="find out which difference of versions breaks a cell")
    _add_fail_on(parser, FailOn.UNEXPECTED, "unexpected")


def _add_showing(parser: argparse.ArgumentParser) -> None:
    showing = parser.add_mutually_exclusive_group()
    for short, option, text in (
        ("-q", "--quiet", "show nothing while it goes on, only the table and the answer"),
        ("-v", "--verbose", "show each cell as it ends, in a line"),
    ):
        showing.add_argument(short, option, action="store_true", help=text)
    _add_json(parser)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print what results.json holds instead of the table and the answer"
    )


def _add_baseline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="the outcomes that are accepted; default: reports/baseline.yaml beside the matrix, if it is there",
    )
    parser.add_argument("--accept", action="store_true", help="write these outcomes into the baseline")


def _add_fail_on(parser: argparse.ArgumentParser, default: FailOn | None, meaning: str) -> None:
    parser.add_argument(
        "--fail-on",
        type=FailOn,
        choices=list(FailOn),
        default=default,
        metavar="WHEN",
        help=f"which cells make the exit status 1: {', '.join(FailOn)}; default: {meaning}",
    )


def _add_shard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shard", type=_shard, metavar="I/N", help="part I of N that take alike; `report DIR...` puts them together"
    )
    parser.add_argument(
        "--times",
        type=Path,
        metavar="FILE",
        help="results.json of an earlier run, or its folder, by whose times the parts are cut; the same for all parts",
    )


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directories",
        nargs="+",
        type=Path,
        metavar="DIR",
        help="an output folder, with its results.json; several, such as those of shards, are merged",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="where several are merged")
    _add_json(parser)
    _add_matrix(parser)
    _add_baseline(parser)
    _add_fail_on(parser, None, "unexpected where several are merged, else never")


def _add_diff(parser: argparse.ArgumentParser) -> None:
    for name in ("old", "new"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help="a results.json, or the folder that has it")
    parser.add_argument(
        "--format", choices=["text", "markdown", "json"], default="text", help="what to print; default: text"
    )
    parser.add_argument(
        "--fail-on",
        type=FailOnChange,
        choices=list(FailOnChange),
        default=FailOnChange.REGRESSED,
        metavar="WHEN",
        help="what makes the exit status 1: regressed (default), any (any difference), never",
    )


def _shard(text: str) -> Shard:
    try:
        return shard(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("is two numbers, such as 2/4: the second part of four") from error


def _add_cache(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    info = actions.add_parser("info", help="print where it is, and what is in it")
    info.add_argument("--json", action="store_true", help="print the same as JSON, sizes in bytes")
    text = "remove what no run can use, and with --max-size more; never what a run uses"
    prune = actions.add_parser("prune", help=text, description=text.capitalize() + ".")
    prune.add_argument(
        "--max-size",
        type=size,
        metavar="SIZE",
        help="what may be left, as 20GB; least recently used goes first",
    )
    prune.add_argument("--dry-run", action="store_true", help="remove nothing, and print what would go")


def size(text: str) -> int:
    """Return bytes: ``500MB`` is 500 million, ``2GiB`` two times 1024^3."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(?:([kKMGT])(i?))?B?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as 20GB or 500MiB")
    number, unit, binary = found.groups()
    power = "kMGT".index(unit.replace("K", "k")) + 1 if unit else 0
    return int(float(number) * (1024 if binary else 1000) ** power)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
