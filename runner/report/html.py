"""
report.html: one file that holds everything and asks nobody, with the answer first and every cell behind it.

The page is text, and data that its script shows as text. What it may do is said in its own policy: run the one script
and use the one style that are written here, and reach no address at all.

Source:
    https://www.w3.org/TR/CSP3/#framework-directive-source-list
"""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup, escape

from runner.record import Record
from runner.report.grades import GRADES, NOTHING, UNKNOWN
from runner.report.grids import LEGEND
from runner.report.payload import payload, to_script
from runner.report.text import clean, listed
from runner.report.ways import in_short
from runner.report.ways import told as told_ways
from runner.report.words import counted, flaky, headline, holes, mark, news, number, told
from runner.results import Results
from runner.verdict import GOOD, Upgrade, steps

_SCRIPTS = (
    *("elements", "data", "state", "filters", "map"),
    *("pair", "causes", "scenarios", "changes", "environments", "issue", "cell", "main"),
)
_MOST_CAUSES = 4
_MARKS = {
    "✓": ("good", "all load"),
    "○": ("same", "what fails fails where it was saved too"),
    "✗": ("bad", "something breaks that passes where it was saved"),
    "?": ("unknown", "too little is known"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A style or a script as it stands in the page, and the digest by which the page allows it."""

    text: Markup
    digest: str


def to_html(results: Results) -> str:
    """Return report.html."""
    upgrades = steps(results.answer.upgrades, results.environments)
    return _template().render(
        style=_style(),
        script=_script(),
        data=Markup(to_script(payload(results))),  # noqa: S704 - it is JSON in which no tag can end
        scope=_scope(results),
        run={"runner": clean(results.run.runner), "started": clean(results.run.started)},
        headline=headline(upgrades),
        steps=[_step(upgrade, results.cells) for upgrade in upgrades],
        counted=" ".join(
            filter(None, [counted(results.answer.counts), flaky(results.cells), holes(results.run.missing)])
        ),
        news=news(results.cells),
        ways=told_ways(results.cells),
        legend=LEGEND,
        grades=[asdict(grade) for grade in (*GRADES, UNKNOWN, NOTHING)],
    )


def _scope(results: Results) -> str:
    models = len({(cell.scenario, cell.format) for cell in results.cells})
    return (
        f"{number(models, 'model')} (a scenario in a format), {number(len(results.environments), 'environment')},"
        f" {number(len(results.cells), 'cell')}. Run at {clean(results.run.started)}, in {results.run.seconds:,.0f} s."
    )


def _step(upgrade: Upgrade, cells: Sequence[Record]) -> dict[str, Any]:
    """Return an upgrade in a sentence, with what stands against it and what to do."""
    kind, meaning = _MARKS[mark(upgrade)]
    bad = [c for c in cells if (c.save, c.load) == (upgrade.save, upgrade.load) and c.status not in GOOD]
    causes = [f"{cause} ({count})" for cause, count in Counter(str(c.cause or c.status) for c in bad).most_common()]
    return {
        "mark": mark(upgrade),
        "kind": kind,
        "meaning": meaning,
        "sentence": clean(told(upgrade)),
        "address": f"#{urlencode({'view': 'pair', 'from': upgrade.save, 'to': upgrade.load}, errors='replace')}",
        "causes": listed(causes, _MOST_CAUSES),
        "ways": in_short(bad),
    }


@cache
def _template() -> jinja2.Template:
    pages = jinja2.Environment(
        loader=jinja2.PackageLoader("runner.report", "page"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    pages.filters["spans"] = _spans
    return pages.get_template("report.html.jinja")


def _spans(text: str) -> Markup:
    """Return text in which backticks mark code."""
    parts = [escape(part) for part in text.split("`")]
    marked = (Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts))
    return Markup().join(marked)


@cache
def _style() -> Asset:
    """Return the style, with the colours of the grades."""
    colours = (
        f".grade-{each.name} {{ background: light-dark({each.light}, {each.dark}); }}"
        for each in (*GRADES, UNKNOWN, NOTHING)
    )
    return _asset("\n".join([_read("report.css"), *colours, ""]))


@cache
def _script() -> Asset:
    return _asset("\n".join(['"use strict";\n', *(_read(f"{name}.js") for name in _SCRIPTS)]))


def _asset(text: str) -> Asset:
    digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Asset(text=Markup(text), digest=digest)  # noqa: S704 - it is a file of this package


def _read(name: str) -> str:
    return (files("runner.report") / "page" / name).read_text("utf-8")
