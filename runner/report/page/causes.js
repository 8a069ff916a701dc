// What goes wrong, by its cause: every cell that does not pass is in one place, the causes with most cells come first.

const MOST = 6;

function causeView(state, found) {
  const left = new Set(found.map((cell) => cell.place));
  const groups = DATA.failures
    .map((failure) => ({ ...failure, cells: failure.cells.filter((place) => left.has(place)).map((place) => CELLS[place]) }))
    .filter((failure) => failure.cells.length);
  const causes = [...grouped(groups, (failure) => failure.cause)].map(([cause, members]) => [cause, members, cellsOf(members)]);
  causes.sort((a, b) => b[2].length - a[2].length);
  if (!causes.length) return [el("h2", null, "By cause"), el("p", null, "Of the cells that are left, none goes wrong.")];
  return [el("h2", null, "By cause"), causes.map(([cause, members, cells]) => causeSection(word(cause), members, cells, causes.length === 1))];
}

function cellsOf(members) {
  return members.flatMap((failure) => failure.cells);
}

function causeSection(cause, members, cells, open) {
  members.sort((a, b) => b.cells.length - a.cells.length);
  const kinds = byCount(members.flatMap(({ kind, cells: group }) => group.map(() => kind)), (kind) => kind);
  const split = kinds.map(([kind, group]) => `${group.length} ${DATA.kinds[kind]}`).join(", ");
  return el("section", { class: "cause", "data-cells": cells.length },
    el("h3", null, `${cause}: ${number(cells.length, "cell")}`),
    el("p", { class: "quiet" }, `${split[0].toUpperCase()}${split.slice(1)}.`),
    members.slice(0, MOST).map((failure) => symptom(failure, open && members.length <= MOST)),
    members.length > MOST && restOf(members.slice(MOST)));
}

function restOf(members) {
  const summary = `${number(members.length, "more failure")} of ${number(cellsOf(members).length, "cell")}`;
  return fold(summary, () => members.map((failure) => symptom(failure, false)));
}

function symptom(failure, open) {
  const models = [...new Set(failure.cells.map((cell) => cell.model))];
  const named = models.slice(0, 5).join(", ") + (models.length > 5 ? ` and ${models.length - 5} more` : "");
  const said = word(failure.explanation) || word(failure.error) || "Nothing was said.";
  const summary = [el("b", null, number(failure.cells.length, "cell")), ` ${DATA.kinds[failure.kind]}`,
    failure.phase ? `, at ${word(failure.phase)}` : "", ": ", spans(said), el("br"), el("span", { class: "quiet" }, named)];
  return fold(summary, () => symptomBody(failure), open);
}

function symptomBody(failure) {
  const ways = waySentence(failure.cells);
  return [
    failure.error && el("p", null, el("code", null, word(failure.error))),
    ways && el("p", null, "The way out: ", ways),
    words(failure.sources).map((address) => el("p", null, source(address))),
    cellLists(failure.cells),
  ];
}

// The cells under their pairs or under their models, whichever are fewer.
function cellLists(cells) {
  const pairName = (cell) => `${cell.save} → ${cell.load}`;
  const model = (cell) => cell.model;
  const [pairs, models] = [grouped(cells, pairName), grouped(cells, model)];
  const [groups, name] = pairs.size < models.size ? [pairs, model] : [models, pairName];
  return [...groups].map(([title, group]) => [el("p", null, el("b", null, title)), cellList(group, name)]);
}

function cellList(cells, name) {
  return el("ul", { class: "cells" }, cells.map((cell) => el("li", null,
    el("a", { href: link({ cell: cell.id }), "data-cell": cell.id }, name(cell)), ` ${cell.word}`,
    wayOut(cell) ? ` ↪ ${wayOut(cell)}` : "")));
}
