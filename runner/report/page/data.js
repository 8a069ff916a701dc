// The results as they were embedded, and the cells with their words looked up.

const DATA = JSON.parse(document.getElementById("data").textContent);
const NAMED = ["scenario", "format", "save", "load", "status", "phase", "cause", "with_itself", "word"];
const STATUSES = DATA.statuses.map((status) => status.name);
const ENVIRONMENTS = new Map(DATA.environments.map((environment) => [environment.name, environment]));
const ORDER = [...ENVIRONMENTS.keys()];
const CELLS = DATA.cells.map(unpacked);
const BY_ID = new Map(CELLS.map((cell) => [cell.id, cell]));

function unpacked(row, place) {
  const cell = { place };
  DATA.columns.forEach((name, column) => { cell[name] = row[column]; });
  for (const name of NAMED) cell[name] = word(cell[name]);
  cell.model = `${cell.scenario}.${cell.format}`;
  cell.id = `${cell.model}@${cell.save}->${cell.load}`;
  return cell;
}

function word(place) {
  return DATA.words[place] ?? "";
}

function words(places) {
  return (places ?? []).map(word);
}

function block(place) {
  return (DATA.blocks[place] ?? []).map((line) => DATA.lines[line] ?? "").join("\n");
}

function fact(place) {
  return DATA.facts[place] ?? {};
}

function good(cell) {
  return cell.status === "pass" || cell.status === "unsupported";
}

function remedies(cell) {
  return cell.remedies.map(fact);
}

// The first of the ways out that worked: they were tried by what they lose.
function wayOut(cell) {
  const found = remedies(cell).find((tried) => tried.status === "pass");
  return found ? word(found.id) : "";
}

function countsOf(cells) {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0]));
  for (const cell of cells) counts[cell.status] += 1;
  return counts;
}

function totalOf(counts) {
  return Object.values(counts).reduce((sum, count) => sum + count, 0) - counts.unsupported;
}

// How a cell came out: "fail at load".
function outcomeInWords(cell) {
  const warned = cell.status === "pass" && cell.warnings.length ? " with warnings" : "";
  return `${cell.status}${cell.phase ? ` at ${cell.phase}` : ""}${warned}`;
}

// How many cells came out how: "20 of 71 pass; 42 fail, 8 drift".
function told(counts) {
  const total = totalOf(counts);
  const passing = total ? `${counts.pass} of ${total} pass` : "nothing to load";
  return [passing, outcomes(counts, DATA.statuses.slice(1))].filter(Boolean).join("; ");
}

// The same of cells that were chosen by how they came out, of which no share can be told.
function toldChosen(state, counts) {
  if (!byOutcome(state)) return told(counts);
  return `of those chosen, ${outcomes(counts, DATA.statuses) || "none"}`;
}

function outcomes(counts, statuses) {
  return statuses.filter(({ name }) => counts[name])
    .map(({ name, one, several }) => `${counts[name].toLocaleString("en")} ${counts[name] === 1 ? one : several}`)
    .join(", ");
}

function byCount(cells, key) {
  return [...grouped(cells, key)].sort((a, b) => b[1].length - a[1].length);
}

function versions(name) {
  const made = ENVIRONMENTS.get(name) ?? {};
  const known = [["TensorFlow", made.tensorflow], ["Keras", made.keras], ["Python", made.python]];
  return known.filter(([, version]) => version).map((pair) => pair.join(" ")).join(", ") || "versions not known";
}

// Every version by what it is of; Python and the two that are imported come first.
function pins(name) {
  const made = ENVIRONMENTS.get(name) ?? {};
  const first = { Python: made.python, TensorFlow: made.tensorflow, Keras: made.keras };
  return { ...first, ...made.packages };
}

function components(names) {
  return [...new Set(names.flatMap((name) => Object.keys(pins(name))))];
}
