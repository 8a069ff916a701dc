// What came out otherwise than the baseline expects.

function changesView(state, found) {
  const other = found.filter((cell) => !cell.expected);
  const worse = other.filter((cell) => !good(cell));
  const better = other.filter(good);
  const known = found.filter((cell) => cell.expected && !good(cell));
  return [
    el("h2", null, "What changed"),
    el("p", null, `Against the baseline: ${worse.length} not expected, ${better.length} better than expected, ${known.length} known failures.`),
    changed("Not expected", worse),
    changed("Better than expected", better),
  ];
}

function changed(title, cells) {
  if (!cells.length) return null;
  const pairs = [...grouped(cells, (cell) => `${cell.save} → ${cell.load}`)];
  return [el("h3", null, `${title}: ${number(cells.length, "cell")}`), pairs.map(([pairName, group]) =>
    fold([el("b", null, pairName), `: ${number(group.length, "cell")}`], () => scrolling(pairName, modelTable(group)), pairs.length < 4))];
}
