// Which cells are left: those of the chosen environments, scenarios and formats, and of them those that came out so.

const PLACES = ["save", "load", "scenario", "format"];
const TITLES = { save: "Saved in", load: "Loaded in", scenario: "Scenario", format: "Format", status: "Status", cause: "Cause" };
const LOWER = [];

function within(state, names) {
  const chosen = names.filter((name) => state[name].length).map((name) => [name, new Set(state[name])]);
  return (cell) => chosen.every(([name, values]) => values.has(cell[name]));
}

function lower(place) {
  return (LOWER[place] ??= word(place).toLowerCase());
}

// Whether every word of what was typed stands in the cell's name, cause, explanation, error or remedies.
function matching(text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (cell) => wanted.every((part) => searched(cell).some((said) => said.includes(part)));
}

function searched(cell) {
  return (cell.searched ??= [
    cell.id.toLowerCase(),
    `${cell.word} ${cell.status} ${cell.cause}`.toLowerCase(),
    lower(cell.explanation),
    lower(cell.error),
    lower(cell.blame),
    ...cell.warnings.map((warned) => lower(fact(warned).kind)),
    ...remedies(cell).map((tried) => lower(tried.id)),
    String(fact(cell.comparison).first_layer ?? "").toLowerCase(),
  ]);
}

// Returns the cells of the chosen places, and of them those with the chosen outcome.
function selected(state) {
  const kept = CELLS.filter(within(state, PLACES));
  const outcome = within(state, ["status", "cause"]);
  const matches = matching(state.text);
  return { kept, found: kept.filter((cell) => outcome(cell) && matches(cell)) };
}

// Whether cells are chosen by how they came out, rather than by what and where they are.
function byOutcome(state) {
  return Boolean(state.text || state.status.length || state.cause.length);
}

function valuesOf(facet) {
  const there = new Set(CELLS.map((cell) => cell[facet]).filter(Boolean));
  const order = { save: ORDER, load: ORDER, status: STATUSES }[facet] ?? [...there].sort();
  return order.filter((value) => there.has(value));
}

function makeFilters() {
  const clear = el("a", { id: "clear", href: "#" }, "Clear the filters");
  const label = el("label", { for: "text", class: "hidden" }, "Text in names, errors, explanations and ways out");
  const input = el("input", { id: "text", type: "search", placeholder: "Text: name, error, layer, way out …" });
  input.addEventListener("input", () => go({ text: input.value }, true));
  document.getElementById("facets").append(...FACETS.map(makeFacet), label, input, clear);
  document.addEventListener("click", (event) => closeFacets(event.target));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeFacets(null); });
}

function makeFacet(facet) {
  const boxes = valuesOf(facet).map((value) => el("label", null, checkbox(facet, value), value));
  const legend = el("legend", { class: "hidden" }, TITLES[facet]);
  const summary = el("summary", null, TITLES[facet], el("span"));
  return el("details", { class: "facet", "data-facet": facet }, summary, el("fieldset", null, legend, boxes));
}

function checkbox(facet, value) {
  const box = el("input", { type: "checkbox", name: facet, value });
  box.addEventListener("change", () => {
    const others = readState()[facet].filter((each) => each !== value);
    go({ [facet]: box.checked ? [...others, value] : others });
  });
  return box;
}

function closeFacets(but) {
  for (const facet of document.querySelectorAll(".facet[open]")) {
    if (facet.contains(but)) continue;
    if (facet.contains(document.activeElement)) facet.querySelector("summary").focus();
    facet.open = false;
  }
}

// Makes the controls show what the address says.
function drawFilters(state, found) {
  for (const facet of document.querySelectorAll(".facet")) drawFacet(facet, state[facet.dataset.facet]);
  const input = document.getElementById("text");
  if (input.value !== state.text) input.value = state.text;
  const clear = document.getElementById("clear");
  clear.href = link(unfiltered());
  clear.hidden = !state.text && FACETS.every((facet) => !state[facet].length);
  document.getElementById("count").textContent = `${found.length.toLocaleString("en")} of ${number(CELLS.length, "cell")}`;
}

function drawFacet(facet, chosen) {
  const title = chosen.length === 1 ? `: ${chosen[0]}` : chosen.length ? `: ${chosen.length} chosen` : "";
  facet.querySelector("summary span").textContent = title;
  facet.toggleAttribute("data-active", chosen.length > 0);
  for (const box of facet.querySelectorAll("input")) box.checked = chosen.includes(box.value);
}
