// Strange text made fit for one line of a report.

/** The first 200 characters in one line, without control characters; of an HTML page what a reader sees. */
export function excerpt(text: string, max = 200): string {
  const head = shown(text.slice(0, max * 10)).slice(0, max * 2);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = head.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  const line = clean.trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}

/** Pages of proxies are recognised by what they begin with: other text keeps its angle brackets. */
function shown(text: string): string {
  if (!/^\s*(<!doctype html|<html[\s>])/i.test(text)) return text;
  const words = text
    .replace(/<(head|style|script)\b.*?(<\/\1\s*>|$)/gis, ' ')
    .replace(/<[^>]*(>|$)/g, ' ')
    .replace(/\s+/g, ' ');
  return words.trim() === '' ? 'an HTML page' : words;
}

/** `HTTP 503 (Service Unavailable)`: a page's status is not said twice. */
export function statusAnd(status: number, body: string): string {
  const said = excerpt(body);
  const page = said !== body.trim() && said.startsWith(`${status} `);
  return page
    ? `HTTP ${status} (${said.slice(`${status} `.length)})`
    : `HTTP ${status} ${said}`.trim();
}
