"""
Make the pictures of the README: ``python -m tools.screenshots reports/latest``.

They are taken of the reports of one output folder, by Chromium, as they look on a screen.
"""

import argparse
import io
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

from runner.report.html import to_html
from runner.report.picture import to_svg
from runner.report.terminal import render
from runner.results import Results, read_results
from runner.writing import write_text
from tests.integration import browser as chromium

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
_OLD, _NEW = "tf2.15", "tf2.16-keras3.3"
_COLOURS = 256
_SCALE = 1.5
_TERMINAL = """<!DOCTYPE html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 16px 20px; background: #14181d; color: #e9edf2; display: inline-block; }}
pre {{ margin: 0; font: 14px/1.4 "DejaVu Sans Mono", monospace; }} {stylesheet}
</style><pre>{code}</pre>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A picture of the report: what it shows, in which theme, and how high the window is."""

    name: str
    state: dict[str, str]
    theme: Any
    height: int
    width: int = 1100


SHOTS = (
    Shot(name="report-answer", state={}, theme="light", height=900),
    Shot(
        name="report-cell",
        state={"view": "pair", "from": _OLD, "to": _NEW, "cell": f"lstm.h5@{_OLD}->{_NEW}"},
        theme="dark",
        height=760,
    ),
)


def main() -> None:
    """Make every picture, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, metavar="DIR", help="an output folder, with its results.json")
    results = read_results(parser.parse_args().directory)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, chromium.running() as browser:
        page = Path(folder) / "report.html"
        write_text(page, to_html(results))
        for shot in SHOTS:
            _keep(shot.name, _report(browser, page, shot))
        _keep("terminal", _terminal(browser, results))
    write_text(PICTURES / "heat-map.svg", to_svg(results))


def _report(browser: Browser, path: Path, shot: Shot) -> bytes:
    size = {"width": shot.width, "height": shot.height}
    with browser.new_context(viewport=size, color_scheme=shot.theme, device_scale_factor=_SCALE) as context:
        page = context.new_page()
        page.goto(f"{path.as_uri()}#{urlencode(shot.state)}")
        return page.screenshot()


def _terminal(browser: Browser, results: Results) -> bytes:
    """Return what `run` prints in the end, in a terminal of 112 columns."""
    console = Console(record=True, width=112, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print("$ nox -s matrix", style="bold")
    console.print(render(results, Path("reports/latest")))
    page = browser.new_page(viewport={"width": 1100, "height": 900}, device_scale_factor=_SCALE)
    page.set_content(console.export_html(code_format=_TERMINAL, theme=SVG_EXPORT_THEME))
    return page.locator("body").screenshot()


def _keep(name: str, picture: bytes) -> None:
    """Write a picture with few colours: it is text on paper."""
    path = PICTURES / f"{name}.png"
    with Image.open(io.BytesIO(picture)) as pixels:
        pixels.convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            path, optimize=True
        )
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
