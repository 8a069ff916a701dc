"""Write docs/nightly.md of what the nightly tests said: python tools/nightly.py JUNIT_XML MARKDOWN."""

import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as Xml

from tabulate import tabulate

FUZZED = {
    "target": "what is read",
    "engine": "chosen by",
    "inputs": "inputs",
    "ended": "ended by limits",
    "seconds": "seconds",
    "slowest": "slowest (CPU s)",
    "peak_mb": "peak MiB",
    "findings": "findings",
}
"""What a test of fuzzing records -> the head of its column."""

HEAD = """\
# The nightly tests

`nox -s nightly` runs what takes longer than every run of the tests should, and writes this page. It was last run on
{date}, on {system} with {cores} cores, Python {python}: **{outcome}**, in {minutes:.0f} minutes.

## Bad input, tried

Every kind of file and message that crossload reads, changed: by Hypothesis in the ways of its format, by Atheris led by
the lines that are reached. Each input must give a result or an error in words, within {deadline} seconds of processor
time and {largest} MiB. Where jobs have limits, a library in C that hangs or dies over a file is ended by them, and the
cell says so: those inputs are counted, and are no findings. `tests/fuzz/` has the targets.

"""


def main(arguments: Sequence[str]) -> int:
    """Write the page; the exit status tells whether all tests passed."""
    source, target = map(Path, arguments)
    suite = next(Xml.parse(source).iter("testsuite"))  # noqa: S314  (pytest has just written it)
    cases = list(suite.iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    fuzzed = [said for case in cases if "engine" in (said := dict(_properties(case)))]
    text = HEAD.format(
        date=datetime.now(UTC).date(),
        system=platform.system(),
        cores=os.cpu_count(),
        python=platform.python_version(),
        outcome=f"{len(cases) - len(failed)} passed, {len(failed)} failed",
        minutes=float(suite.get("time", "0")) / 60,
        deadline=5,
        largest=1024,
    )
    target.write_text(text + _table(fuzzed) + _others(cases, failed), encoding="utf-8")
    return bool(failed) or not cases


def _properties(case: Xml.Element) -> Iterator[tuple[str, str]]:
    return ((each.get("name", ""), each.get("value", "")) for each in case.iter("property"))


def _table(fuzzed: Sequence[Mapping[str, str]]) -> str:
    rows = [[said[name] for name in FUZZED] for said in fuzzed]
    together = {name: sum(float(said[name]) for said in fuzzed) for name in ("inputs", "ended", "seconds", "findings")}
    most = {name: max((float(said[name]) for said in fuzzed), default=0) for name in ("slowest", "peak_mb")}
    last = {**together, **most, "target": "**together**"}
    rows.append([f"{value:.10g}" if isinstance(value := last.get(name, ""), float) else value for name in FUZZED])
    return tabulate(rows, headers=list(FUZZED.values()), tablefmt="github", disable_numparse=True) + "\n"


def _others(cases: Sequence[Xml.Element], failed: Sequence[Xml.Element]) -> str:
    """Return a line for each test that is not in the table."""
    rows = [
        f"- {'**failed**' if case in failed else 'passed'} in {float(case.get('time', '0')):.0f} s: "
        f"`{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}`"
        for case in cases
        if case.find("properties") is None
    ]
    return "\n## The other tests\n\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
