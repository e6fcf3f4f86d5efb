// A terminal, a pipe, or JSON lines: progress to stderr, results to stdout, secrets to neither.

import { tame, workflowCommand } from './workflow.ts';

export type Output = {
  readonly json: boolean;
  /** Whether a person watches: the live list is drawn. */
  readonly live: boolean;
  readonly width: number;
  /** What the command was asked for: stdout. With --json the object, one a line. */
  result(data: Readonly<Record<string, unknown>>, text: string): void;
  /** Something happened: with --json the object on stdout, else the text on stderr. */
  event(data: Readonly<Record<string, unknown>>, text: string): void;
  /** For people only: stderr, never with --json. */
  note(text: string): void;
  /** Redraws the live list; nothing elsewhere. */
  draw(lines: readonly string[]): void;
  /** In GitHub Actions what is printed from here on is folded under this title, to the next one; null: no longer. */
  group(title: string | null): void;
  /** A line that GitHub Actions reads itself; nothing elsewhere. */
  annotate(line: string): void;
  /** Leaves the live list as it stands and goes on below it. */
  settle(): void;
};

export type OutputOptions = {
  readonly json: boolean;
  readonly redact: (text: string) => string;
  /** Whether GitHub Actions reads along: what is printed must then never be taken for a command by mistake. */
  readonly actions?: boolean;
};

/** A terminal that does not know its size says 0. */
export function columnsOf({ columns }: { readonly columns?: number | undefined }): number {
  return columns === undefined ? 100 : columns || 80;
}

const clearLine = '\u001b[2K';

export function openOutput({ json, redact, actions = false }: OutputOptions): Output {
  const live = !json && process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  let drawn = 0;
  const said = (text: string) => (actions && !json ? tame(redact(text)) : redact(text));
  const stdout = (text: string) => process.stdout.write(`${said(text)}\n`);
  const stderr = (text: string) => process.stderr.write(`${said(text)}\n`);
  let grouped = false;
  const rewind = () => {
    if (drawn > 0) process.stderr.write(`\u001b[${drawn}A`);
  };
  return {
    json,
    live,
    width: columnsOf(process.stderr),
    result: (data, text) => stdout(json ? JSON.stringify(data) : text),
    event: (data, text) => (json ? stdout(JSON.stringify(data)) : stderr(text)),
    note: (text) => {
      if (!json) stderr(text);
    },
    draw: (lines) => {
      if (!live) return;
      rewind();
      process.stderr.write(lines.map((line) => `${clearLine}${redact(line)}\n`).join(''));
      // A shorter list than before leaves no old line behind.
      if (drawn > lines.length) process.stderr.write('\u001b[J');
      drawn = lines.length;
    },
    group: (title) => {
      if (!actions || json) return;
      if (grouped) process.stderr.write('::endgroup::\n');
      grouped = title !== null;
      if (title !== null) process.stderr.write(`${workflowCommand('group', redact(title))}\n`);
    },
    annotate: (line) => {
      if (actions && !json) process.stderr.write(`${redact(line)}\n`);
    },
    settle: () => {
      drawn = 0;
    },
  };
}

/** Replaces every known secret, as it is and as JSON writes it, and what looks like a DigitalOcean token, by a word. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const written = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  // The longest first: of a secret that begins like another nothing may be left over.
  const known = [...new Set(written)]
    .filter((secret) => secret.length >= 4)
    .sort((one, other) => other.length - one.length);
  return (text) =>
    known
      .reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text)
      .replace(/\bdo[opr]_v1_[0-9a-f]{16,}\b/g, '[redacted]');
}
