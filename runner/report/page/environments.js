// The environments side by side: every pin, and where it changes from one to the next.

function environmentsView(state) {
  const chosen = new Set([...state.save, ...state.load]);
  const names = ORDER.filter((name) => !chosen.size || chosen.has(name));
  const rows = components(names).map((component) => [component, names.map((name) => pins(name)[component] ?? "")]);
  const same = rows.filter(([, values]) => new Set(values).size === 1);
  const other = rows.filter(([, values]) => new Set(values).size > 1);
  const head = el("tr", null, ["", ...names].map((name) => el("th", { scope: "col" }, name || el("span", { class: "hidden" }, "package"))));
  const facts = ["status", "backend", "image"].map((fact) => [fact, names.map((name) => ENVIRONMENTS.get(name)[fact] ?? "")]);
  const table = (list) => el("table", null, el("thead", null, head.cloneNode(true)), el("tbody", null, list.map(pinRow)));
  return [
    el("h2", null, "Environments"),
    names.filter((name) => ENVIRONMENTS.get(name).explanation).map(brokenEnvironment),
    el("p", { class: "quiet" }, "≠ and a colour mark what differs from the environment to its left."),
    scrolling("Pins that differ", table([...facts.filter(([, values]) => values.some(Boolean)), ...other])),
    same.length ? fold(`${number(same.length, "pin")} alike in all of them`, () => scrolling("Pins alike", table(same))) : null,
  ];
}

function pinRow([component, values]) {
  const cells = values.map((value, place) => {
    const changed = place > 0 && value !== values[place - 1];
    return el("td", { class: changed && "changed" }, changed ? "≠ " : "", value || "–");
  });
  return el("tr", null, el("th", { scope: "row" }, component), cells);
}

function brokenEnvironment(name) {
  const made = ENVIRONMENTS.get(name);
  return el("p", { class: "note" }, el("b", null, `${name}: ${made.cause ?? made.status}. `), made.explanation);
}
