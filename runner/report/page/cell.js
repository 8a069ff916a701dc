// One cell: what happened, what to do, and everything that is known of it.

function drawCell(state) {
  const dialog = document.getElementById("cell");
  const cell = BY_ID.get(state.cell);
  if (!cell) return dialog.open && dialog.close();
  dialog.setAttribute("data-status", cell.status);
  dialog.replaceChildren(...cellParts(cell).flat(Infinity).filter(Boolean));
  dialog.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
}

function cellParts(cell) {
  const close = el("a", { class: "close", href: link({ cell: "" }) }, "Close");
  return [
    el("div", { class: "bar" }, el("h2", { id: "cell-title" }, cell.id), close),
    whatHappened(cell), whatToDo(cell), theNumbers(cell), theWarnings(cell), theTries(cell), theVersions(cell),
    section("Run it again", code(word(cell.reproduce) || "–", "command"), cell.log && el("p", { class: "quiet" }, `Log: ${word(cell.log)}`)),
    theTraceback(cell),
    !good(cell) && section("For an issue", fold("Text, ready to paste", () => code(issueText(cell), "issue text"))),
  ];
}

function section(title, ...parts) {
  return [el("h3", null, title), ...parts];
}

function whatHappened(cell) {
  const also = words(cell.causes).slice(1);
  const where = cell.save !== cell.load && cell.with_itself ? `Loaded where it was saved: ${cell.with_itself}.` : "";
  return [
    el("p", null, el("span", { class: `chip status-${cell.status}` }, `${cell.word.split(" ")[0]} ${outcomeInWords(cell)}`),
      cell.cause && [" cause ", el("code", null, cell.cause)],
      DATA.compared && !cell.expected && el("b", null, " not as the baseline says")),
    cell.accepted > 0 && el("p", { class: "note" }, "Accepted: ", spans(word(cell.accepted))),
    cell.explanation > 0 && el("p", { class: "explanation" }, spans(word(cell.explanation))),
    cell.error > 0 && el("p", null, el("code", null, word(cell.error))),
    also.length > 0 && el("p", null, `Behind it came to light: ${also.join(", ")}.`),
    cell.root > 0 && el("p", null, "Its save failed: ", el("a", { href: link({ cell: CELLS[cell.root - 1].id }) }, CELLS[cell.root - 1].id)),
    el("p", { class: "quiet" }, `${where} ${number(cell.attempts, "attempt")}, ${cell.seconds} s${cell.memory ? `, ${cell.memory} MiB` : ""}.`),
    cell.blame > 0 && el("p", { class: "note" }, word(cell.blame)),
    words(cell.sources).map((address) => el("p", null, "See ", source(address))),
  ];
}

function whatToDo(cell) {
  const tried = remedies(cell);
  if (!tried.length) return good(cell) ? [] : section("The way out", el("p", null, "No way out applies, or none was tried."));
  const worked = tried.filter((remedy) => remedy.status === "pass");
  const others = tried.filter((remedy) => remedy.status !== "pass");
  const title = worked.length ? "The way out" : "No way out was found";
  return section(title, worked.map(remedyPart), others.length && fold(`${others.length} tried in vain`, () => others.map(remedyPart), !worked.length));
}

function remedyPart(tried) {
  const loses = words(tried.loses);
  const how = block(tried.how);
  const verdict = tried.status === "pass" ? "gives the saved outputs" : tried.status === "drift" ? "loads, and gives other numbers" : `does not do: ${tried.status}`;
  return el("div", { class: `tried status-${tried.status}` },
    el("p", null, el("b", null, word(tried.id)), `: ${verdict}${tried.cause ? `, ${word(tried.cause)}` : ""}`),
    tried.status === "pass" && el("p", null, `Loses: ${loses.join(", ") || "nothing"}.`),
    words(tried.changes).map((change) => el("p", null, spans(change))),
    tried.explanation && el("p", null, spans(word(tried.explanation))),
    tried.error && el("p", null, el("code", null, word(tried.error))),
    how && code(how, "code"));
}

const MEASURES = [
  ["max_abs", "outputs, largest difference"], ["max_rel", "outputs, relative"], ["max_scaled", "outputs, of the largest number"],
  ["max_ulp", "outputs, units in the last place"], ["weights_max_abs", "weights, largest difference"],
];

function theNumbers(cell) {
  if (!cell.comparison) return [];
  const known = fact(cell.comparison);
  const rows = MEASURES.filter(([name]) => known[name] != null).map(([name, title]) => [title, size(known[name])]);
  if (known.decisions) rows.push(["decisions changed", `${known.decisions_changed ?? 0} of ${known.decisions}`]);
  if (known.first_layer != null) rows.unshift(["first layer that differs", layer(known)]);
  if (!rows.length) return [];
  return section("Compared with what was saved", el("table", { class: "numbers" }, el("tbody", null,
    rows.map(([title, value]) => el("tr", null, el("th", { scope: "row" }, title), el("td", null, value))))));
}

function layer(known) {
  return known.first_layer_max_abs != null ? `${known.first_layer}, by ${size(known.first_layer_max_abs)}` : known.first_layer;
}

function theWarnings(cell) {
  const warned = cell.warnings.map(fact);
  if (!warned.length) return [];
  return section("Warnings", el("ul", null, warned.map(({ kind, text }) => el("li", null, el("code", null, word(kind)), " ", word(text)))));
}

// What came of each try, where they did not come out alike.
function theTries(cell) {
  const tries = cell.tries.map(fact);
  if (!tries.length) return [];
  return section("Each try", el("ol", { class: "tries" }, tries.map((tried) => el("li", null,
    el("b", null, `${tried.status}${tried.phase ? ` in ${word(tried.phase)}` : ""}`),
    ` (${word(tried.job)}, ${tried.fresh ? "in a fresh process" : "in a fork"}, ${word(tried.how)}, ${tried.seconds ?? 0} s)`,
    tried.cause && [" ", el("code", null, word(tried.cause))],
    tried.explanation && [" ", ...spans(word(tried.explanation))]))));
}

function differing(cell) {
  const [saved, loaded] = [pins(cell.save), pins(cell.load)];
  return components([cell.save, cell.load]).filter((name) => saved[name] !== loaded[name])
    .map((name) => [name, saved[name] ?? "–", loaded[name] ?? "–"]);
}

function theVersions(cell) {
  const rows = differing(cell).map(([name, saved, loaded]) => el("tr", null, el("th", { scope: "row" }, name), el("td", null, saved), el("td", null, loaded)));
  const head = el("tr", null, ["", `saved in ${cell.save}`, `loaded in ${cell.load}`].map((title) => el("th", { scope: "col" }, title || el("span", { class: "hidden" }, "package"))));
  return section("Which versions",
    el("p", { class: "wrote" }, `Written by ${versions(cell.save)}. Loaded with ${versions(cell.load)}.`),
    rows.length > 0 && fold(`${number(rows.length, "version")} that differ`, () => scrolling("Versions that differ", el("table", null, el("thead", null, head), el("tbody", null, rows))), rows.length <= 8));
}

function theTraceback(cell) {
  const [message, traceback] = [block(cell.message), block(cell.traceback)];
  if (!message && !traceback) return [];
  const whole = traceback.includes(message) ? traceback : `${traceback}\n${message}`.trim();
  return section("Traceback", fold("Show it", () => code(whole, "traceback")));
}
