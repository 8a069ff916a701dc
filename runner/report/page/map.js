// The heat map: what was saved in the environment of a row and loaded in that of a column.

function gradeOf(counts) {
  const total = totalOf(counts);
  const name = !total ? "n" : counts.error === total ? "u" : null;
  return DATA.grades.find((each) => (name ? each.name === name : each.least != null && counts.pass / total >= each.least));
}

function drawMap(state, kept, found) {
  const chosen = byOutcome(state);
  const pairs = grouped(kept, (cell) => `${cell.save}\n${cell.load}`);
  const counts = chosen ? grouped(found, (cell) => `${cell.save}\n${cell.load}`) : null;
  const saves = ORDER.filter((name) => kept.some((cell) => cell.save === name));
  const loads = ORDER.filter((name) => kept.some((cell) => cell.load === name));
  const rows = saves.map((save) => el("tr", null, el("th", { scope: "row" }, save),
    loads.map((load) => el("td", null, pair(state, save, load, pairs, counts)))));
  const corner = el("th", { scope: "col" }, "saved ↓ loaded →");
  const head = el("tr", null, corner, loads.map((load) => el("th", { scope: "col" }, load)));
  const table = el("table", { class: "map" }, el("caption", { class: "hidden" }, "Share of cells that pass"),
    el("thead", null, head), el("tbody", null, rows));
  document.getElementById("map").replaceChildren(mapIntroduction(chosen), scrolling("Heat map", table));
}

function mapIntroduction(chosen) {
  const numbers = chosen
    ? "20:71 means that 20 of 71 cells are as chosen above; the colour is the share of the 71 that pass."
    : "20/71 means that 20 of 71 pass; ≠ that some of the others drift, the silent failure.";
  const text = "Rows saved, columns loaded, the oldest first: right of the diagonal are the upgrades. Choose a pair for its scenarios.";
  return el("p", { class: "quiet" }, `${text} ${numbers}`);
}

function pair(state, save, load, pairs, chosen) {
  const cells = pairs.get(`${save}\n${load}`);
  if (!cells) return "";
  const counts = countsOf(cells);
  const { name, letter } = gradeOf(counts);
  const total = totalOf(counts);
  const some = chosen ? (chosen.get(`${save}\n${load}`) ?? []).length : null;
  const tally = some != null ? `${some}:${cells.length}` : total ? `${counts.pass}/${total}${counts.drift ? "≠" : ""}` : "n/a";
  const label = `${save} to ${load}: ${some != null ? `${some} as chosen; ` : ""}${told(counts)} (${letter})`;
  const current = state.view !== "cause" && state.from === save && state.to === load ? "true" : false;
  const href = link({ view: "pair", from: save, to: load, cell: "" });
  return el("a", { class: `grade grade-${name}`, href, title: label, "aria-label": label, "aria-current": current },
    el("b", null, letter), el("span", null, tally));
}

function drawHints() {
  if (!DATA.hints.length) return;
  document.getElementById("hints").append(el("h3", null, "Where to look first"), hintList(DATA.hints));
}

function hintList(hints) {
  return el("ul", { class: "hints" }, hints.map((hint) => el("li", null, hint.text)));
}
