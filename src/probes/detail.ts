// Strange text made fit for one line of a report.

/** The first 200 characters in one line, without control characters. */
export function excerpt(text: string, max = 200): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = text.slice(0, max * 2).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  const line = clean.trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}
