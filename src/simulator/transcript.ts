// A journal as people read it: one line an entry, seconds since the story began.
import { keyOf } from '../promotion/effect.ts';
import type { Entry } from '../promotion/entry.ts';

/** Journal lines as people read them: seconds since the story began. */
export function transcript(entries: readonly Entry[], begun = entries[0]?.at ?? 0): string {
  return entries.map((entry) => `${seconds(entry.at - begun)} ${inWords(entry)}`).join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(8)} s `;
}

function inWords(entry: Entry): string {
  switch (entry.type) {
    case 'asked':
      return `${entry.by} asks: ${entry.command.kind}`;
    case 'entered':
      return `→ ${entry.phase}: ${entry.because}`;
    case 'requested':
      return `?? approval: ${entry.because}`;
    case 'advanced':
      return `-> ${entry.to}: ${entry.because}`;
    case 'committed':
      return `== committed: ${entry.because}`;
    case 'acted':
      return `   begins ${keyOf(entry.effect)}: ${entry.because}`;
    case 'settled':
      return `   ${entry.ok ? 'done' : 'FAILED'} ${keyOf(entry.effect)}${entry.ok ? '' : `: ${entry.because ?? ''}`}`;
    case 'leased':
      return `${entry.by} drives, epoch ${entry.epoch}`;
  }
}
