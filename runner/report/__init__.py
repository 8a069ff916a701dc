"""Reports for people and for other programs, all of them written from the results and nothing else."""

from pathlib import Path

from runner.report.junit import to_junit
from runner.report.markdown import to_markdown
from runner.report.table import to_csv
from runner.results import Results, write_results
from runner.writing import write_text

REPORTS = {"results.csv": to_csv, "report.md": to_markdown, "junit.xml": to_junit}
"""File name -> what makes its text of the results."""


def write_reports(results: Results, folder: Path) -> tuple[Path, ...]:
    """
    Write results.json and every report into the folder, and return their paths.

    Raises:
        OutputError: If one cannot be written; those before it are.
    """
    write_results(results, folder / "results.json")
    for name, report in REPORTS.items():
        write_text(folder / name, report(results))
    return tuple(folder / name for name in ("results.json", *REPORTS))
