// Shows what the address says, again whenever it changes.

const VIEWS = {
  pair: ["By pair", pairView],
  cause: ["By cause", causeView],
  scenario: ["By scenario", scenarioView],
  ...(DATA.compared ? { changes: ["What changed", changesView] } : {}),
  environments: ["Environments", environmentsView],
};
let shown = "";

function draw() {
  const state = readState();
  const page = addressOf({ ...state, cell: "" });
  if (page !== shown) drawPage(state, page);
  drawCell(state);
}

// All but the cell: what leads to it stays as it is while it is open.
function drawPage(state, page) {
  const { kept, found } = selected(state);
  const [, view] = VIEWS[state.view] ?? VIEWS.pair;
  const part = document.getElementById("view");
  const first = shown === "";
  drawFilters(state, found);
  drawMap(state, kept, found);
  drawViews(state);
  part.replaceChildren(...view(state, found).flat(Infinity).filter(Boolean));
  shown = page;
  // What had the focus may be gone: what it led to comes next.
  if (!first && document.activeElement === document.body) part.focus({ preventScroll: true });
}

function drawViews(state) {
  const current = state.view in VIEWS ? state.view : "pair";
  for (const tab of document.querySelectorAll("#views a")) {
    tab.href = link({ view: tab.dataset.view, cell: "" });
    if (tab.dataset.view === current) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function makeViews() {
  const tabs = Object.entries(VIEWS).map(([name, [title]]) => el("a", { "data-view": name }, title));
  document.getElementById("views").append(...tabs);
}

function makeTheme() {
  const select = document.getElementById("theme");
  const apply = () => {
    if (select.value) document.documentElement.dataset.theme = select.value;
    else delete document.documentElement.dataset.theme;
  };
  select.value = remembered();
  apply();
  select.addEventListener("change", () => { apply(); remember(select.value); });
}

// Where a page may not keep anything, the theme is that of the system again next time.
function remembered() {
  try { return localStorage.getItem("crossload-theme") ?? ""; } catch { return ""; }
}

function remember(theme) {
  try { localStorage.setItem("crossload-theme", theme); } catch { /* not kept */ }
}

function start() {
  const dialog = document.getElementById("cell");
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); go({ cell: "" }); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) go({ cell: "" }); });
  document.addEventListener("click", jump);
  addEventListener("hashchange", draw);
  addEventListener("beforeprint", () => unfold(dialog));
  makeTheme();
  makeFilters();
  makeViews();
  drawHints();
  draw();
}

// The skip link moves the focus and leaves the address, which says what is shown, as it is. A chosen pair is shown.
function jump(event) {
  const followed = event.target.closest?.("a");
  if (followed?.hasAttribute("data-jump")) {
    event.preventDefault();
    document.getElementById("heat-map").focus();
  }
  if (followed?.matches(".grade, .sentence")) requestAnimationFrame(() => document.getElementById("views").scrollIntoView());
}

start();
