// What is written to standard output and standard error, kept instead of shown.
import { vi } from 'vitest';

export type Written = { readonly out: string[]; readonly err: string[] };

/** Until `vi.restoreAllMocks()`. */
export function capture(): Written {
  const written: Written = { out: [], err: [] };
  for (const [stream, lines] of [
    [process.stdout, written.out],
    [process.stderr, written.err],
  ] as const)
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
  return written;
}
