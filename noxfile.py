"""
The sessions of this repository; ``nox -l`` lists them.

Nothing of crossload is imported here: every session makes an environment for it and runs it there.
"""

import re
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["matrix"]
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"

HERE = Path(__file__).parent


def environment_names() -> list[str]:
    """Return the environments that matrix.yaml names, read without a YAML parser: the runner checks the file."""
    path = HERE / "matrix.yaml"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    block = re.search(r"^environments:.*\n((?:[ #].*\n|\n)*)", text, re.MULTILINE)
    return re.findall(r"^  ([A-Za-z0-9][\w.+-]*):", block[1], re.MULTILINE) if block else []


@nox.session
def matrix(session: nox.Session) -> None:
    """Run the compatibility matrix: nox -s matrix -- --scenario 'lstm*' --load tf2.21."""
    session.install("-e", ".")
    session.run("python", "-m", "runner", "run", *session.posargs)


@nox.session
@nox.parametrize("name", [nox.param(name, id=name) for name in environment_names()])
def environment(session: nox.Session, name: str) -> None:
    """Build one environment of the matrix, and say how to step inside."""
    session.install("-e", ".")
    session.run("python", "-m", "runner.environments", name, *session.posargs)


@nox.session
def image(session: nox.Session) -> None:
    """Build an image of one environment to keep or to ship: nox -s image -- tf2.15."""
    session.install("-e", ".")
    session.run("python", "-m", "runner.environments.image", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Lint, then run all tests, those with real environments included: nox -s tests -- -k matrix."""
    session.install("-e", ".", "--group", "tests", "--group", "lint")
    if not session.posargs:
        lint_with(session)
    session.run("pytest", *session.posargs)


@nox.session
def nightly(session: nox.Session) -> None:
    """Try bad input a hundred thousand times, and what else takes long; write docs/nightly.md."""
    session.install("-e", ".", "--group", "tests", "--group", "nightly")
    said = Path(session.create_tmp()) / "nightly.xml"
    kept = ("-o", "junit_family=xunit1", f"--junitxml={said}")  # the one that keeps what tests record
    session.run("pytest", "-v", "tests/nightly", *kept, *session.posargs, success_codes=[0, 1])
    if not session.posargs:
        session.run("python", "tools/nightly.py", str(said), "docs/nightly.md")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types."""
    session.install("-e", ".", "--group", "tests", "--group", "lint")
    lint_with(session)


def lint_with(session: nox.Session) -> None:
    """Run ruff and mypy, as CI does."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def benchmark(session: nox.Session) -> None:
    """Compare this with a plain loop and with the limit; write the figures to benchmarks/ and the README."""
    session.install("-e", ".")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def known_failures(session: nox.Session) -> None:
    """Reproduce what is known to fail in the field, and write docs/known_failures.md."""
    session.install("-e", ".")
    session.run("python", "tools/known_failures.py", *session.posargs)


@nox.session
def pictures(session: nox.Session) -> None:
    """Make the pictures of the README anew from an output folder: nox -s pictures -- reports/latest."""
    session.install("-e", ".", "--group", "tests")
    session.run("python", "-m", "tools.screenshots", *session.posargs)


@nox.session
def releases(session: nox.Session) -> None:
    """Write runner/releases.toml anew: nox -s releases -- --index URL."""
    session.install("-e", ".")
    session.run("python", "tools/update_releases.py", *session.posargs)
