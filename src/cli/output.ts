// A terminal, a pipe, or JSON lines: progress to stderr, results to stdout, secrets to neither.

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
  /** Leaves the live list as it stands and goes on below it. */
  settle(): void;
};

export type OutputOptions = {
  readonly json: boolean;
  readonly redact: (text: string) => string;
};

const clearLine = '\u001b[2K';

export function openOutput({ json, redact }: OutputOptions): Output {
  const live = !json && process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  let drawn = 0;
  const stdout = (text: string) => process.stdout.write(`${redact(text)}\n`);
  const stderr = (text: string) => process.stderr.write(`${redact(text)}\n`);
  const rewind = () => {
    if (drawn > 0) process.stderr.write(`\u001b[${drawn}A`);
  };
  return {
    json,
    live,
    width: process.stderr.columns ?? 100,
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
