"""
report.md: the answer first, then why, then everything, made to be read on GitHub and in a plain terminal alike.

Nothing that came out of an exception can act as Markdown or HTML: it stands in code spans or is escaped, on one line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import pandas
from tabulate import tabulate

from runner.record import Status
from runner.report import unsteady
from runner.report.failures import KINDS, Failure, Kind, failures, grouped
from runner.report.fitting import LIMIT, Fold, Part, fitted
from runner.report.grids import LEGEND, ages, outcomes, summary
from runner.report.noise import noise
from runner.report.text import clean, code, explained, fenced, general, listed, prose, shortened
from runner.report.ways import told as told_ways
from runner.report.ways import ways
from runner.report.words import counted, flaky, headline, holes, mark, new, news, number, told
from runner.results import Results, to_frame
from runner.verdict import phrases, steps

_PACKAGES = ("numpy", "h5py", "protobuf")
_MOST_FAILURES = 200
_MOST_NAMES = 30
_MOST_NEW = 20
_MOST_PAIRS = 6
_MOST_WAYS = 20
_ADDRESS = re.compile(r"https?://[\w.~:/?#@!$&'()+,;=%-]+", re.ASCII)
_SECTIONS = {
    Kind.UPGRADE: (
        "What breaks in an upgrade",
        "They pass where they were saved, or were not tried there, and fail in a newer environment.",
    ),
    Kind.ROLLBACK: (
        "What breaks on the way back",
        "They pass where they were saved, or were not tried there, and fail in an older environment.",
    ),
    Kind.UNRELATED: (
        "What fails without any change of versions",
        "They fail where they were saved, too, or could not be saved at all: an upgrade does not break them.",
    ),
    Kind.UNKNOWN: ("What could not be judged", "The environment or the machine failed: nothing is known of them."),
}


_RANK = (0, 1, 3, 12, 11, 4, 9, 5, 10, 8, 6, 7, 2)
"""
Which sections are given room first: the answer and its grid, how to read it, then the shorter ones; last the names of
what is missing, which the answer counts.
"""


def to_markdown(results: Results, limit: int = LIMIT) -> str:
    """Return report.md, of at most so many bytes: what matters least is left out, and a sentence says so."""
    frame = to_frame(results.cells)
    found, order = failures(results), ages(results)
    sections = (
        _head(results, frame),
        _answer(results),
        _missing(results),
        _summary(frame, order),
        _causes(found),
        _ways(results),
        _failures(found, order),
        _each(frame, order),
        _warnings(results),
        unsteady.told(results),
        noise(results),
        _environments(results),
        _how_to_read(),
    )
    return fitted(sections, _RANK, limit)


def _head(results: Results, frame: pandas.DataFrame) -> Iterator[str]:
    models = len(frame.drop_duplicates(["scenario", "format"]))
    run = results.run
    yield "# Will the saved models survive the upgrade?"
    yield (
        f"{number(models, 'model')} (a scenario in a format), {number(len(results.environments), 'environment')},"
        f" {number(len(frame), 'cell')} (a model saved in one environment and loaded in one)."
        f" Run at {prose(run.started)}, in {run.seconds:,.0f} s, by crossload {prose(run.runner)}."
    )


def _answer(results: Results) -> Iterator[str]:
    upgrades = steps(results.answer.upgrades, results.environments)
    yield "## The answer"
    yield f"**{headline(upgrades)}**"
    if upgrades:
        yield "\n".join(f"- {mark(upgrade)} {prose(told(upgrade))}" for upgrade in upgrades)
    yield counted(results.answer.counts)
    if doubt := flaky(results.cells):
        yield doubt
    if results.run.missing:
        yield f"**{holes(results.run.missing)}**"
    if known := news(results.cells):
        yield known
        if found := new(results.cells):
            yield "\n".join(f"- new: {code(cell.id)}: {cell.status}, {cell.cause or '?'}" for cell in found[:_MOST_NEW])


def _missing(results: Results) -> Iterator[Part]:
    """Yield the names of the cells that no merged run has."""
    missing = results.run.missing
    if missing:
        yield "## What is missing"
        yield "Nothing is known of these. Run the shards that had them again, and merge again."
        lines = tuple(f"- {code(name)}" for name in missing)
        chunks = ("\n".join(lines[place : place + _MOST_NAMES]) for place in range(0, len(lines), _MOST_NAMES))
        yield from _folded(number(len(missing), "cell"), chunks)


def _summary(frame: pandas.DataFrame, order: Sequence[str]) -> Iterator[str]:
    yield "## All scenarios"
    yield (
        "Rows are the environments that saved, columns those that loaded, the oldest first: right of the diagonal are"
        " the upgrades. `31/44`: so many pass, of so many. `≠`: some of the others drift, which is the silent failure."
    )
    yield _grid(summary(frame, order)) if len(frame) else "No cell was run."


def _causes(found: Sequence[Failure]) -> Iterator[str]:
    if not found:
        return
    yield "## Causes"
    rows = pandas.DataFrame({"cause": f.cause, "kind": KINDS[f.kind], "cells": f.cells} for f in found)
    table = rows.pivot_table(index="cause", columns="kind", values="cells", aggfunc="sum", fill_value=0)
    titles = [title for title in KINDS.values() if title in table]
    table = table.sort_values(titles, ascending=False, kind="stable")[titles].assign(cells=table.sum(axis="columns"))
    models = {cause: {model for f in found if f.cause == cause for model in f.models} for cause in table.index}
    yield _table(table.assign(models=[len(models[cause]) for cause in table.index]).reset_index())


def _ways(results: Results) -> Iterator[Part]:
    """Yield the remedies that worked, with the code for each."""
    sentence, found = told_ways(results.cells), ways(results.cells)
    if not sentence:
        return
    yield "## Ways out"
    yield sentence
    if not found:
        return
    rows = pandas.DataFrame(
        {"way out": w.id, "cells": w.cells, "loses": ", ".join(w.loses) or "nothing"} for w in found
    )
    yield _table(rows[:_MOST_WAYS])
    for way in found[:_MOST_WAYS]:
        yield from _folded(f"{way.id}: how", [f"For {code(way.example)}:", fenced(way.how)])


def _failures(found: Sequence[Failure], order: Sequence[str]) -> Iterator[Part]:
    """Yield a section for each kind of failure; all but the first are folded."""
    for kind, members in groupby(found, key=lambda failure: failure.kind):
        title, meaning = _SECTIONS[kind]
        section = list(members)
        yield f"## {title}: {number(sum(failure.cells for failure in section), 'cell')}"
        yield meaning
        if kind is Kind.UPGRADE:
            yield from _by_cause(section, order)
        else:
            yield from _folded(f"{number(len(section), 'failure')}", _by_cause(section, order))


def _by_cause(section: Sequence[Failure], order: Sequence[str]) -> Iterator[str]:
    """Yield what goes wrong under its causes, what was said but once."""
    for cause, members in groupby(section[:_MOST_FAILURES], key=lambda failure: failure.cause):
        group = list(members)
        yield f"### {prose(cause)}: {number(sum(failure.cells for failure in group), 'cell')}"
        alike = grouped(group, lambda failure: (failure.phase, failure.error, failure.explanation, failure.sources))
        yield "\n".join(line for together in alike.values() for line in _alike(together, order))
    if left := section[_MOST_FAILURES:]:
        cells = sum(failure.cells for failure in left)
        yield f"And {number(len(left), 'more failure')} of {number(cells, 'cell')}, in results.csv."


def _alike(together: Sequence[Failure], order: Sequence[str]) -> Iterator[str]:
    """Yield the lines of failures in the same words: what was said, of which models, between which environments."""
    first = together[0]
    links = [f"<{source}>" for source in first.sources if _ADDRESS.fullmatch(source)]
    said = " ".join(filter(None, [code(first.error), explained(first.explanation), *links])) or "Nothing was said."
    yield f"- {f'At {first.phase}: ' if first.phase else ''}{said}"
    for failure in together:
        models, pairs = listed(failure.models, _MOST_NAMES), _between(failure.pairs, order)
        example = f"{'such as ' if failure.cells > 1 else ''}{code(failure.example)}"
        more = [explained(said) for said in (failure.ways, shortened(failure.blame, 400)) if said]
        way = f". {' '.join(more)}" if more else ""
        yield f"  - **{prose(models)}**: {prose(pairs)}: {', '.join([*phrases(failure.counts), example])}{way}"


def _between(pairs: Sequence[tuple[str, str]], order: Sequence[str]) -> str:
    """Return pairs of environments in short: ``tf2.8, tf2.10 -> tf2.16, tf2.18; tf2.12 -> tf2.18``."""
    place = {name: age for age, name in enumerate(order)}
    loads: dict[str, list[str]] = {}
    for save, load in sorted(pairs, key=lambda pair: [place.get(name, len(place)) for name in pair]):
        loads.setdefault(save, []).append(load)
    saves: dict[tuple[str, ...], list[str]] = {}
    for save, names in loads.items():
        saves.setdefault(tuple(names), []).append(save)
    parts = [f"{_all(names, order)} -> {_all(loaded, order)}" for loaded, names in saves.items()]
    more = [f"and {len(parts) - _MOST_PAIRS} more"] if len(parts) > _MOST_PAIRS else []
    return "; ".join([*parts[:_MOST_PAIRS], *more])


def _all(names: Sequence[str], order: Sequence[str]) -> str:
    return "every environment" if len(names) == len(order) > 1 else ", ".join(names)


def _each(frame: pandas.DataFrame, order: Sequence[str]) -> Iterator[Part]:
    """Yield a grid for each scenario and format, those that are alike once, the smooth ones last."""
    models = {f"{name}.{form}": cells for (name, form), cells in frame.groupby(["scenario", "format"], observed=True)}
    yield "## Each scenario and format"
    yield "Those whose grids are alike share one."
    alike = grouped(models, lambda model: _grid(outcomes(models[model], order)))
    folds = {grid: ", ".join(phrases(_counts(models[names[0]]))) for grid, names in alike.items()}
    for grid, problems in sorted(folds.items(), key=lambda fold: not fold[1]):
        yield from _folded(f"{', '.join(alike[grid])}: {problems or 'nothing fails'}", [grid])


def _counts(cells: pandas.DataFrame) -> dict[Status, int]:
    numbers = cells["status"].value_counts()
    return {status: int(numbers[status.value]) for status in Status}


def _warnings(results: Results) -> Iterator[str]:
    """Yield what was lost or odd in cells that pass."""
    rows = pandas.DataFrame(
        {
            "kind": clean(warned.kind),
            "cell": cell.id,
            "model": f"{cell.scenario}.{cell.format}",
            "text": clean(warned.text),
        }
        for cell in results.cells
        for warned in cell.warnings
    )
    if rows.empty:
        return
    kinds = rows.groupby("kind").agg(cells=("cell", "nunique"), models=("model", "nunique"), text=("text", "first"))
    yield "## Warnings"
    yield "These were lost, or odd, in cells whose outputs and weights agree."
    yield _table(
        kinds.sort_values("cells", ascending=False, kind="stable")
        .assign(text=kinds["text"].map(lambda text: shortened(general(text), 120)))
        .rename(columns={"text": "such as"})
        .reset_index()
    )


def _environments(results: Results) -> Iterator[str]:
    """Yield the versions that were really imported, and why an environment could not be made."""
    yield "## Environments"
    rows = {
        name: {
            "python": made.python,
            "tensorflow": made.tensorflow,
            "keras": made.keras,
            **{package: made.packages.get(package) for package in _PACKAGES},
            "backend": str(made.backend),
            "status": made.status,
        }
        for name, made in results.environments.items()
    }
    yield _table(pandas.DataFrame.from_dict(rows, orient="index").fillna("").rename_axis("environment").reset_index())
    images = {name: made.image for name, made in results.environments.items() if made.image}
    if images:
        yield "\n".join(f"- {prose(name)} was made in the image {code(image)}" for name, image in images.items())
    broken = {name: made for name, made in results.environments.items() if made.status != "ready"}
    if broken:
        yield "\n".join(
            f"- {prose(name)}: {prose(made.cause or made.status)}: {code(shortened(clean(made.explanation), 1000))}"
            for name, made in broken.items()
        )


def _how_to_read() -> Iterator[str]:
    yield "## How to read it"
    yield (
        "A cell is one scenario in one format, saved in one environment and loaded in one; its id is"
        " `scenario.format@save->load`. `31/44` are those that pass, of all but the unsupported ones. An upgrade marked"
        " `✓` loads everything. Marked `○` it breaks nothing that passes where it was saved, marked `✗` it does, and"
        " marked `?` too little is known. In the grid of a scenario and format:"
    )
    yield "\n".join(f"- `{word}` {meaning}" for word, meaning in LEGEND.items())
    yield (
        "results.json and results.csv hold every cell, with the command that runs it again; environments/ holds the"
        " exact pins of each environment."
    )


def _folded(title: str, parts: Iterable[str]) -> Iterator[Fold]:
    """Yield parts that are shown when someone opens them."""
    yield Fold(title=title, parts=tuple(parts))


def _grid(grid: pandas.DataFrame) -> str:
    """Return a save x load grid as a table."""
    return _table(grid.rename_axis(index="save ↓ load →", columns=None).reset_index())


def _table(frame: pandas.DataFrame) -> str:
    """Return a table; whatever is in it is text."""
    rows = [[prose(cell) for cell in row] for row in frame.itertuples(index=False)]
    sides = ["right" if pandas.api.types.is_numeric_dtype(dtype) else "left" for dtype in frame.dtypes]
    headers = [prose(name) for name in frame.columns]
    return tabulate(rows, headers=headers, tablefmt="pipe", disable_numparse=True, colalign=sides)
