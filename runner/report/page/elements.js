// Everything on the page is made here. Text becomes text nodes, so nothing that is shown can act as markup.

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false && child !== ""));
  return node;
}

// Words in which `backticks` mark code.
function spans(text) {
  const parts = text.split("`");
  if (parts.length % 2 === 0) return [text];
  return parts.map((part, place) => (place % 2 ? el("code", null, part) : part));
}

function number(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function size(value) {
  if (value == null) return "not known";
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(3)));
}

function grouped(items, key) {
  const groups = new Map();
  for (const item of items) {
    const name = key(item);
    if (groups.has(name)) groups.get(name).push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

// A table that scrolls on its own, also by keyboard.
function scrolling(label, table) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table);
}

// A part that is made when someone opens it.
function fold(summary, make, open = false) {
  const body = el("div");
  const node = el("details", { class: "fold", open }, el("summary", null, summary), body);
  const fill = () => {
    if (node.open && !body.hasChildNodes()) body.append(...[make()].flat(Infinity).filter(Boolean));
  };
  node.addEventListener("toggle", fill);
  fill();
  return node;
}

// Opens every part below a node, at once: what is printed does not wait for events.
function unfold(node) {
  for (const part of node.querySelectorAll("details.fold:not([open])")) {
    part.open = true;
    part.dispatchEvent(new Event("toggle"));
  }
}

// Code, and a button that copies it.
function code(text, label) {
  const shown = el("pre", { tabindex: "0", "aria-label": label }, text);
  const button = el("button", { class: "copy", type: "button", "aria-label": `Copy ${label}` }, "Copy");
  button.addEventListener("click", () => copy(text, shown));
  return el("div", { class: "code" }, shown, button);
}

async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {
    getSelection().selectAllChildren(shown);
    say("Selected: press Ctrl-C to copy.");
  }
}

function say(text) {
  document.getElementById("said").textContent = text;
  for (const button of document.querySelectorAll(".copy")) button.textContent = "Copy";
  const pressed = document.activeElement;
  if (pressed?.classList.contains("copy")) pressed.textContent = text.split(/[.:]/)[0];
}

// Only what is an address of the web becomes a link.
function source(address) {
  if (!/^https?:\/\//.test(address)) return address;
  return el("a", { href: address, rel: "noreferrer noopener", target: "_blank" }, address);
}
