// One pair of environments: its scenarios by format.

function pairView(state, found) {
  if (!state.from || !state.to) return pairList(state, found);
  const cells = found.filter((cell) => cell.save === state.from && cell.load === state.to);
  return [
    el("h2", null, `${state.from} → ${state.to}: ${toldChosen(state, countsOf(cells))}`),
    el("p", { class: "quiet" }, `Saved with ${versions(state.from)}. Loaded with ${versions(state.to)}.`),
    pairHints(state),
    causeChips(state, cells),
    theWays(cells),
    cells.length ? scrolling("Scenarios by format", modelTable(cells)) : el("p", null, "No cell of this pair is left by the filters."),
    el("p", null, el("a", { href: link({ from: "", to: "" }) }, "All pairs")),
  ];
}

function pairHints(state) {
  const about = DATA.hints.filter((hint) => hint.saves.includes(state.from) || hint.loads.includes(state.to));
  return about.length ? hintList(about) : null;
}

// The causes of a pair; each leads to its cells by cause.
function causeChips(state, cells) {
  const causes = byCount(cells.filter((cell) => !good(cell)), (cell) => cell.cause || cell.status);
  if (!causes.length) return null;
  const there = { view: "cause", save: [state.from], load: [state.to] };
  const chips = causes.map(([cause, group]) => el("li", null, el("a",
    { href: link({ ...there, cause: group[0].cause ? [cause] : [] }) }, `${cause} (${group.length})`)));
  return [el("h3", null, "Why"), el("ul", { class: "chips" }, chips)];
}

function theWays(cells) {
  const sentence = waySentence(cells);
  return sentence && [el("h3", null, "The way out"), el("p", null, sentence, " Choose a cell for the code.")];
}

// Which ways out worked for how many of the cells for which some were tried.
function waySentence(cells) {
  const wanting = cells.filter((cell) => cell.remedies.length);
  if (!wanting.length) return null;
  const ways = byCount(wanting, wayOut).filter(([way]) => way);
  const without = wanting.filter((cell) => !wayOut(cell)).length;
  const named = ways.map(([way, group], place) => [place ? ", " : "", el("code", null, way), ` (${group.length})`]);
  const none = without ? `${ways.length ? "; " : ""}none worked for ${without}` : "";
  return [named, none, "."];
}

function modelTable(cells) {
  const formats = [...new Set(CELLS.map((cell) => cell.format))].filter((form) => cells.some((cell) => cell.format === form));
  const rows = [...grouped(cells, (cell) => cell.scenario)].map(([scenario, group]) => el("tr", null,
    el("th", { scope: "row" }, scenario),
    formats.map((form) => el("td", null, outcomeLink(group.find((cell) => cell.format === form))))));
  const head = el("tr", null, ["scenario", ...formats].map((title) => el("th", { scope: "col" }, title)));
  return el("table", { class: "models" }, el("caption", { class: "hidden" }, "Scenarios by format"),
    el("thead", null, head), el("tbody", null, rows));
}

// Marks are for the eye; a screen reader hears the same in words.
function outcomeLink(cell) {
  if (!cell) return "";
  const way = wayOut(cell);
  return el("a", { class: `outcome status-${cell.status}`, href: link({ cell: cell.id }), "data-cell": cell.id },
    el("span", { class: "word", "aria-hidden": "true" }, cell.word || cell.status),
    el("span", { class: "hidden" }, outcomeInWords(cell)),
    !good(cell) && cell.cause && el("small", null, cell.cause),
    way && el("small", null, el("span", { "aria-hidden": "true" }, "↪ "), el("span", { class: "hidden" }, "way out: "), way));
}

function pairList(state, found) {
  const pairs = grouped(found, (cell) => `${cell.save}\n${cell.load}`);
  const rows = ORDER.flatMap((save) => ORDER.map((load) => [save, load, pairs.get(`${save}\n${load}`)]))
    .filter(([, , cells]) => cells)
    .map((row) => pairRow(state, row));
  const head = el("tr", null, ["pair", "outcome", "causes"].map((title) => el("th", { scope: "col" }, title)));
  return [el("h2", null, "By pair"), scrolling("Pairs", el("table", null, el("thead", null, head), el("tbody", null, rows)))];
}

function pairRow(state, [save, load, cells]) {
  const causes = byCount(cells.filter((cell) => !good(cell) && cell.cause), (cell) => cell.cause);
  const named = causes.slice(0, 4).map(([cause, group]) => `${cause} (${group.length})`).join(", ");
  return el("tr", null,
    el("th", { scope: "row" }, el("a", { href: link({ from: save, to: load }) }, `${save} → ${load}`)),
    el("td", null, toldChosen(state, countsOf(cells))), el("td", null, named));
}
