"""
Build one environment for a person who wants to step inside; ``nox -s "environment(NAME)"`` calls this.

It is no verb: a run builds what it needs by itself.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from runner.cache import cache_folder
from runner.environments import EnvironmentFailure
from runner.environments.nox import NoxBuilder
from runner.errors import RunnerError
from runner.matrix import environment, read_matrix


def main() -> int:
    """Build it and print how to use it."""
    parser = argparse.ArgumentParser(prog='nox -s "environment(NAME)" --')
    parser.add_argument("name")
    parser.add_argument("--matrix", type=Path, default=Path("matrix.yaml"))
    arguments = parser.parse_args()
    try:
        spec = environment(read_matrix(arguments.matrix), arguments.name)
        built = asyncio.run(NoxBuilder(cache_folder()).prepare(spec))
    except RunnerError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except EnvironmentFailure as failure:
        print(failure.explanation, file=sys.stderr)
        return 4
    python = Path(built.command[0])
    exports = "".join(f"{name}={value} " for name, value in spec.variables)
    print(f"{spec.name} is ready. Step inside with\n\n    source {python.parent}/activate\n")
    print(f"or run its Python:\n\n    {exports}{python}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
