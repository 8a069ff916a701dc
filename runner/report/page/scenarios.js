// A scenario in a format: its own grid of environments, and why it fails.

function scenarioView(state, found) {
  const models = [...grouped(found, (cell) => cell.model)];
  const few = models.length <= 4;
  const title = el("h2", null, `By scenario: ${number(models.length, "model")}`);
  return [title, models.map(([model, cells]) => fold(modelSummary(state, model, cells), () => modelBody(cells), few))];
}

function modelSummary(state, model, cells) {
  return [el("b", null, model), `: ${toldChosen(state, countsOf(cells))}`];
}

function modelBody(cells) {
  return [scrolling("Grid", modelGrid(cells)), ...modelCauses(cells)];
}

function modelGrid(cells) {
  const loads = ORDER.filter((name) => cells.some((cell) => cell.load === name));
  const rows = ORDER.filter((name) => cells.some((cell) => cell.save === name)).map((save) => el("tr", null,
    el("th", { scope: "row" }, save),
    loads.map((load) => el("td", null, outcomeLink(cells.find((cell) => cell.save === save && cell.load === load))))));
  const head = el("tr", null, ["saved ↓ loaded →", ...loads].map((title) => el("th", { scope: "col" }, title)));
  return el("table", { class: "models" }, el("thead", null, head), el("tbody", null, rows));
}

function modelCauses(cells) {
  const bad = byCount(cells.filter((cell) => !good(cell)), (cell) => cell.explanation);
  const told = bad.slice(0, 6).map(([said, group]) => el("li", null, `${number(group.length, "cell")}, ${group[0].cause || group[0].status}: `,
    spans(word(said) || "Nothing was said.")));
  return told.length ? [el("ul", null, told)] : [];
}
