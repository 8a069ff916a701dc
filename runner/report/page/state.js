// What is shown is what the address says: a link to it opens the same again, and the way back is the browser's own.

const FACETS = ["save", "load", "scenario", "format", "status", "cause"];
const SINGLE = ["view", "from", "to", "text", "cell"];

function readState() {
  const query = new URLSearchParams(location.hash.slice(1));
  const state = {};
  for (const name of SINGLE) state[name] = query.get(name) ?? "";
  for (const name of FACETS) state[name] = query.getAll(name);
  return state;
}

function addressOf(state) {
  const query = new URLSearchParams();
  for (const name of SINGLE) if (state[name]) query.set(name, state[name]);
  for (const name of FACETS) for (const value of state[name]) query.append(name, value);
  return `#${query}`;
}

// The address of what is shown, but for some changes.
function link(changes) {
  return addressOf({ ...readState(), ...changes });
}

// Shows another state; one that comes while typing takes the place of the one before it.
function go(changes, replacing = false) {
  if (replacing) location.replace(link(changes));
  else location.hash = link(changes);
}

function unfiltered() {
  return { text: "", ...Object.fromEntries(FACETS.map((name) => [name, []])) };
}
