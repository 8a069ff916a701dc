"""The heat map as a picture."""

import io
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image

from runner.record import EnvironmentRecord
from runner.report import REPORTS, write_reports
from runner.report.chart import to_png
from runner.report.grids import ages, summary
from runner.report.picture import to_svg
from runner.results import Results, to_frame
from tests.unit.pages import hostile
from tests.unit.synthetic import results, synthetic

SVG = "{http://www.w3.org/2000/svg}"
EMPTY = results((), {"old": EnvironmentRecord(tensorflow="2.15.1")})


def drawn(found: Results) -> ET.Element:
    """Return the picture, read as XML."""
    return ET.fromstring(to_svg(found))  # noqa: S314 - our own file


def said(picture: ET.Element) -> list[str]:
    """Return the texts of a picture."""
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


def test_the_picture_shows_every_pair() -> None:
    """Each pair that has cells is in the picture with the tally that the other reports give it."""
    found = synthetic()
    grid = summary(to_frame(found.cells), ages(found)).to_numpy().flatten()
    texts = said(drawn(found))
    assert sorted(text for text in texts if "/" in text) == sorted(text for text in grid if "/" in text)


def test_the_picture_is_told_to_who_cannot_see_it() -> None:
    """It has a title and a description, in words."""
    picture = drawn(synthetic())
    assert picture.get("role") == "img"
    assert "upgrades" in (picture.findtext(f"{SVG}title") or "")
    assert (picture.findtext(f"{SVG}desc") or "").startswith("Of ")


def test_the_picture_is_dark_on_dark() -> None:
    """It has colours for both themes, and loads nothing from elsewhere."""
    text = to_svg(synthetic())
    assert "prefers-color-scheme:dark" in text
    assert [word for word in ("http:", "https:", "href", "url(", "@import") if word in text.split(">", 1)[1]] == []


def test_hostile_names_are_only_text() -> None:
    """A name that holds tags makes none, and nothing in it makes the file anything but XML."""
    kinds = {element.tag for element in drawn(synthetic()).iter()}
    picture = drawn(hostile())
    assert {element.tag for element in picture.iter()} <= kinds
    assert any("<script>alert" in text for text in said(picture))


def test_pixels_are_written_where_matplotlib_is(tmp_path: Path) -> None:
    """report.png is a picture of some size, the same whenever it is written."""
    assert tmp_path / "report.png" in write_reports(synthetic(), tmp_path)
    with Image.open(tmp_path / "report.png") as picture:
        assert min(picture.size) > 300
    assert to_png(synthetic()) == (tmp_path / "report.png").read_bytes()


def test_without_matplotlib_there_are_no_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where matplotlib is not installed, all but report.png is written."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    written = {path.name for path in write_reports(synthetic(scenarios=["dense"]), tmp_path)}
    assert written == {"results.json", *REPORTS}


@pytest.mark.parametrize("found", [hostile(), EMPTY], ids=["hostile", "empty"])
def test_any_results_can_be_drawn(found: Results) -> None:
    """Neither hostile names nor an empty run make a picture fail."""
    drawn(found)
    with Image.open(io.BytesIO(to_png(found))) as picture:
        picture.verify()
