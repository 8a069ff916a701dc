"""
Measure everything in one go, and write it down: quote the ratios, not the seconds.

Each part is a module: `loop`, against a plain loop and against the limit; `beginning`, from nothing and from what is
there; `cells`, by how many there are; `containers`, against the other backend, where a Docker engine answers.
"""

import argparse
from pathlib import Path

from benchmarks import beginning, cells, containers, loop
from benchmarks.results import Results, text, write

SCENARIOS = ("dense", "lstm")
PARTS = ("loop", "beginning", "cells", "containers")


def main() -> None:
    """Measure, print, and write the figures if they are all there."""
    arguments = _arguments()
    parts, scenarios = arguments.only or PARTS, tuple(arguments.scenario or SCENARIOS)
    results = Results(
        against=loop.measure(arguments.matrix, scenarios, whole=arguments.everything) if "loop" in parts else (),
        begun=beginning.measure(arguments.matrix, scenarios[0]) if "beginning" in parts else (),
        costs=tuple(map(cells.cost, arguments.cells or cells.NUMBERS)) if "cells" in parts else (),
        backends=containers.measure(arguments.matrix, scenarios) if "containers" in parts else {},
    )
    print(text(results))
    if parts == PARTS:
        write(results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s benchmark --", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--matrix", type=Path, default=Path("matrix.yaml"))
    parser.add_argument("--scenario", action="append", help="for the plain loop, which is slow (default: dense, lstm)")
    parser.add_argument("--cells", action="append", type=int, metavar="N", help="how many with the stand-in")
    parser.add_argument("--everything", action="store_true", help="run the whole matrix too, without the plain loop")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part to measure; nothing is written then")
    return parser.parse_args()


if __name__ == "__main__":
    main()
