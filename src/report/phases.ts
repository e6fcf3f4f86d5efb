// The journal's lines of one promotion as phases, with what their gates said when they were left.
import type { Entry } from '../promotion/entry.ts';
import type { GateVerdict } from './recording.ts';
import type { Numbers, PhaseSpan, PhaseVerdict } from './report.ts';

type Entered = Extract<Entry, { type: 'entered' }>;

/** The last one, idle, is where it rests: no phase of the promotion. */
export function phasesOf(entries: readonly Entry[]): readonly PhaseSpan[] {
  const entered = entries.filter(isEntered);
  return entered
    .map(({ phase, at, because }, index) => {
      const to = entered[index + 1]?.at ?? null;
      return { phase, from: at, to, because };
    })
    .filter(({ phase, to }) => phase !== 'idle' || to !== null);
}

/** One for each phase that was left after its gates had something to say. */
export function verdictsOf(
  entries: readonly Entry[],
  recorded: readonly GateVerdict[],
  isDryRun: (phase: string, gate: string) => boolean,
): readonly PhaseVerdict[] {
  const entered = entries.filter(isEntered);
  return entered.flatMap((next, index) => {
    const phase = entered[index - 1]?.phase;
    if (phase === undefined) return [];
    const said = recorded.filter((one) => one.phase === phase && one.at === next.at);
    const gates = (said.length > 0 ? said : journaled(next)).map((one) => ({
      gate: one.gate,
      is: one.is,
      because: withoutName(one.because, one.gate),
      dryRun: isDryRun(phase, one.gate),
      evidence: one.evidence,
    }));
    if (gates.length === 0) return [];
    return [{ phase, at: next.at, to: next.phase, because: next.because, gates }];
  });
}

type Said = Pick<GateVerdict, 'gate' | 'is' | 'because'> & { readonly evidence: Numbers };

/** From the evidence alone, `gate.key`: the sentence there is one for all of them. */
function journaled({ evidence = {} }: Entered): readonly Said[] {
  const pairs = Object.entries(evidence).map(([key, value]) => {
    const dot = key.indexOf('.');
    return { gate: key.slice(0, Math.max(dot, 0)), key: key.slice(dot + 1), value };
  });
  const byGate = Map.groupBy(
    pairs.filter(({ gate }) => gate !== ''),
    ({ gate }) => gate,
  );
  return [...byGate].map(([gate, numbers]) => {
    const {
      is = '',
      because = '',
      ...rest
    } = Object.fromEntries(numbers.map(({ key, value }) => [key, value]));
    return { gate, is: String(is), because: String(because), evidence: rest };
  });
}

function withoutName(because: string, gate: string): string {
  return because.startsWith(`${gate}: `) ? because.slice(gate.length + 2) : because;
}

function isEntered(entry: Entry): entry is Entered {
  return entry.type === 'entered';
}
