// What came out otherwise than the baseline accepts, and why the rest is accepted.

function changesView(state, found) {
  const fresh = found.filter((cell) => !cell.expected && !good(cell) && cell.status !== "error");
  const better = found.filter((cell) => !cell.expected && cell.status === "pass");
  const known = found.filter((cell) => cell.expected && !good(cell));
  return [
    el("h2", null, "What changed"),
    el("p", null, `Against the baseline: ${number(known.length, "cell")} known, ${fresh.length} new, ${better.length} better.`),
    changed("New: worse than accepted", fresh),
    changed("Better: they pass now, drop their rows", better),
    knownByReason(known),
  ];
}

function changed(title, cells) {
  if (!cells.length) return null;
  const pairs = [...grouped(cells, (cell) => `${cell.save} → ${cell.load}`)];
  return [el("h3", null, `${title}: ${number(cells.length, "cell")}`), pairs.map(([pairName, group]) =>
    fold([el("b", null, pairName), `: ${number(group.length, "cell")}`], () => scrolling(pairName, modelTable(group)), pairs.length < 4))];
}

function knownByReason(cells) {
  if (!cells.length) return null;
  const reasons = byCount(cells, (cell) => cell.accepted);
  return [el("h3", null, `Known: ${number(cells.length, "cell")}`), reasons.map(([reason, group]) =>
    fold([el("b", null, number(group.length, "cell")), ": ", spans(word(reason) || "No reason is given.")], () => cellLists(group)))];
}
