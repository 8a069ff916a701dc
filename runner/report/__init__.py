"""Reports for people and for other programs, all of them written from the results and nothing else."""

from pathlib import Path

from runner.report import chart
from runner.report.html import to_html
from runner.report.junit import to_junit
from runner.report.markdown import to_markdown
from runner.report.picture import to_svg
from runner.report.table import to_csv
from runner.results import Results, write_results
from runner.writing import write_bytes, write_text

REPORTS = {
    "results.csv": to_csv,
    "report.md": to_markdown,
    "report.svg": to_svg,
    "report.html": to_html,
    "junit.xml": to_junit,
}
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
    return tuple(folder / name for name in ("results.json", *REPORTS, *_write_pixels(results, folder)))


def _write_pixels(results: Results, folder: Path) -> tuple[str, ...]:
    """Write report.png where that can be made; return its name if it was."""
    if not chart.is_there():
        (folder / "report.png").unlink(missing_ok=True)  # of other results
        return ()
    write_bytes(folder / "report.png", chart.to_png(results))
    return ("report.png",)
