"""
Write the generated half of runner/releases.toml from a package index.

Everything above the marker is kept by hand and stays as it is. Run it when TensorFlow or Keras has a new release::

    python tools/update_releases.py --index https://index.example

The index must answer ``/pypi/NAME/json`` as the Python Package Index does.
"""

import argparse
import json
import re
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from packaging.version import Version

TABLE = Path(__file__).parents[1] / "runner" / "releases.toml"
MARKER = "# Everything below is written by tools/update_releases.py.\n"
OLDEST_TENSORFLOW = Version("1.15.0")
OLDEST_KERAS = Version("2.2.4")

Files = dict[Version, list[dict[str, Any]]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Fetch what the index knows, and replace all that stands below the marker."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", required=True, help="base address of the package index")
    parser.add_argument("--table", type=Path, default=TABLE, help="the file to write (default: runner/releases.toml)")
    parsed = parser.parse_args(arguments)
    index = parsed.index.rstrip("/")
    by_hand, marker, _ = parsed.table.read_text("utf-8").partition(MARKER)
    if not marker:
        parser.error(f"{parsed.table} has lost its marker: {MARKER.strip()!r}")
    lines = [
        "\n[tensorflow]",
        *tensorflow_lines(files_of(index, "tensorflow"), files_of(index, "tensorflow-cpu")),
        "\n[keras]",
        *keras_lines(files_of(index, "keras"), oldest=OLDEST_KERAS),
        "\n[tf-keras]",
        *keras_lines(files_of(index, "tf-keras"), oldest=OLDEST_KERAS),
    ]
    parsed.table.write_text(by_hand + marker + "\n".join(lines) + "\n", "utf-8")


def files_of(index: str, name: str) -> Files:
    """Return the files of every final release that has some which are not yanked, oldest release first."""
    with urllib.request.urlopen(f"{index}/pypi/{name}/json") as answer:  # noqa: S310, the address is the caller's own
        releases = json.load(answer)["releases"]
    files = {Version(text): [file for file in each if not file["yanked"]] for text, each in releases.items()}
    return {version: files[version] for version in sorted(files) if files[version] and not version.is_prerelease}


def tensorflow_lines(tensorflow: Files, tensorflow_cpu: Files) -> Iterator[str]:
    """Give one line for each release of TensorFlow that has wheels for Linux x86-64."""
    for version, files in tensorflow.items():
        wheels = linux_wheels(files)
        if version < OLDEST_TENSORFLOW or not wheels:
            continue
        cpu = linux_wheels(tensorflow_cpu.get(version, []))
        pythons = ", ".join(f'"{python}"' for python in pythons_of(wheels))
        has_cpu = "true" if cpu else "false"
        yield f'"{version}" = {{released = {uploaded(wheels + cpu)}, pythons = [{pythons}], cpu = {has_cpu}}}'


def keras_lines(releases: Files, *, oldest: Version) -> Iterator[str]:
    """Give one line for each release of a package in pure Python."""
    for version, files in releases.items():
        if version >= oldest:
            python = files[0]["requires_python"] or ""
            yield f'"{version}" = {{released = {uploaded(files)}, python = "{python}"}}'


def linux_wheels(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the wheels that glibc Linux on x86-64 installs."""
    return [file for file in files if re.search(r"manylinux.*x86_64\.whl$", file["filename"])]


def pythons_of(wheels: list[dict[str, Any]]) -> list[str]:
    """Return the minor versions of CPython that the wheels are for, oldest first: ``cp310`` is ``3.10``."""
    minors = {(int(tag[2]), int(tag[3:])) for tag in (wheel["python_version"] for wheel in wheels)}
    return [f"{major}.{minor}" for major, minor in sorted(minors)]


def uploaded(files: list[dict[str, Any]]) -> str:
    """Return the day, in UTC, on which the last of the files was uploaded."""
    return str(max(file["upload_time"] for file in files))[:10]


if __name__ == "__main__":
    main()
