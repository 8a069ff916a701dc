// The text of an issue, in Markdown. What came out of the models stands in fences, in which nothing is markup.

function fence(text, language = "text") {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const mark = "`".repeat(longest + 1);
  return `${mark}${language}\n${text}\n${mark}`;
}

function issueText(cell) {
  const traceback = block(cell.traceback) || block(cell.message);
  const rows = differing(cell).map(([name, saved, loaded]) => `${name}: ${saved} -> ${loaded}`);
  const tried = remedies(cell).map((remedy) => `${word(remedy.id)}: ${remedy.status}${remedy.error ? ` (${word(remedy.error)})` : ""}`);
  return [
    `# A \`${cell.format}\` model saved with one version ${verb(cell)} with another`,
    issueFacts(cell),
    "What differs between the two environments:", fence(rows.join("\n") || "nothing"),
    traceback && `Traceback:\n\n${fence(traceback)}`,
    tried.length && `What was tried:\n\n${fence(tried.join("\n"))}`,
    "To reproduce it, with crossload:", fence(word(cell.reproduce), "console"),
  ].filter(Boolean).join("\n\n") + "\n";
}

function verb(cell) {
  if (cell.status === "drift") return "gives other outputs";
  if (cell.status === "crash") return "crashes";
  return cell.status === "timeout" ? "hangs" : "does not load";
}

function issueFacts(cell) {
  const known = fact(cell.comparison);
  const numbers = known.max_abs != null ? [`outputs differ by up to ${size(known.max_abs)}`] : [];
  if (known.first_layer) numbers.push(`first layer that differs: ${layer(known)}`);
  return fence([
    `cell: ${cell.id}`, `saved with: ${versions(cell.save)}`, `loaded with: ${versions(cell.load)}`,
    `outcome: ${cell.status}${cell.phase ? ` at ${cell.phase}` : ""}${cell.cause ? `, ${cell.cause}` : ""}`,
    word(cell.explanation), ...numbers,
  ].filter(Boolean).join("\n"));
}
