"""results.csv: one row for each cell, flat, for spreadsheets and pandas."""

from runner.report.text import clean
from runner.results import Results, to_frame

_FORMULA = ("=", "+", "-", "@")


def to_csv(results: Results) -> str:
    """
    Return results.csv.

    Text is cleaned to one line. What a spreadsheet would take for a formula gets a quote in front: names of layers come
    out of the artifact.

    Source:
        https://owasp.org/www-community/attacks/CSV_Injection
    """
    frame = to_frame(results.cells)
    for name in frame.columns[frame.dtypes == "string"]:
        frame[name] = frame[name].map(_harmless, na_action="ignore")
    return frame.to_csv(index=False)


def _harmless(value: object) -> str:
    line = clean(value)
    return f"'{line}" if line.startswith(_FORMULA) else line
