// Faults that a hand could make in the core, the loop and the cloud's client: each must be caught by the simulator.

export type Mutant = {
  readonly name: string;
  /** Under src. */
  readonly file: string;
  /** Occurs once in it. */
  readonly from: string;
  readonly to: string;
};

const judgement = 'promotion/judgement.ts';
const switching = 'promotion/phases/switching.ts';
const aborting = 'promotion/phases/aborting.ts';
const retiring = 'promotion/phases/retiring.ts';
const idle = 'promotion/phases/idle.ts';
const gating = 'promotion/phases/gating.ts';
const verifying = 'promotion/phases/verifying.ts';
const starting = 'promotion/phases/starting.ts';
const step = 'promotion/step.ts';
const fold = 'promotion/fold.ts';
const membership = 'promotion/membership.ts';
const loop = 'controller/loop.ts';
const lease = 'controller/lease.ts';
const balancer = 'cloud/balancer.ts';
const planning = 'cloud/membership.ts';

export const mutants: readonly Mutant[] = [
  // The seven of the design.
  {
    name: 'unknown counted as healthy',
    file: judgement,
    from: `    if (!health.known)
      return {
        because: \`\${place.project}`,
    to: `    if (!health.known && health.since < 0)
      return {
        because: \`\${place.project}`,
  },
  {
    name: 'switch without waiting for the balancer',
    file: switching,
    from: 'if (silent.length > 0)',
    to: 'if (silent.length > 9)',
  },
  {
    name: 'abort without waiting for the kept environment',
    file: aborting,
    from: 'const silent = wanted.filter((droplet) => !serves(app, seen, droplet));',
    to: 'const silent: number[] = [];',
  },
  {
    name: 'unsettled effects forgotten',
    file: step,
    from: 'return settleFirst(app, wanted, seen);',
    to: 'return wanted.is === "act" ? settleFirst(app, wanted, seen) : wanted;',
  },
  {
    name: "abort of a first environment's verification",
    file: verifying,
    from: "if (app.draining === null) return 'held';",
    to: "if (app.draining === null) return 'aborting';",
  },
  {
    name: 'unknown counted as absent when removing',
    file: retiring,
    from: '  if (!attached.known) return outOfSight(app, attached, seen.at);\n  const kept',
    to: "  if (!attached.known) return { is: 'act', effects, because: 'gone, surely' };\n  const kept",
  },
  {
    name: 'failures never counted',
    file: fold,
    from: 'times: (failure?.times ?? 0) + 1',
    to: 'times: 0',
  },
  // Deciding.
  {
    name: 'blue leaves without the commit point',
    file: switching,
    from: "advance(app, verdict) ?? { is: 'commit',",
    to: "advance(app, verdict) ?? { is: 'wait' as 'commit',",
  },
  {
    name: 'green is detached before blue is back',
    file: aborting,
    from: '      comeBack(app, seen, attached.value) ??\n      goAway(app, seen, attached.value) ??',
    to: '      goAway(app, seen, attached.value) ??\n      comeBack(app, seen, attached.value) ??',
  },
  {
    name: 'nothing is attached again on the way back',
    file: aborting,
    from: 'const attach = back.length > 0 ?',
    to: 'const attach = back.length > 9 ?',
  },
  {
    name: 'health is not restored on the way back',
    file: aborting,
    from: '.filter((effect) => !tired(app, effect));\n  const attach',
    to: '.filter((effect) => app.seq < 0 && !tired(app, effect));\n  const attach',
  },
  {
    name: 'the removed side may still be sent requests',
    file: aborting,
    from: 'if (app.wroteAt < app.since) return false;',
    to: 'if (app.wroteAt >= 0) return false;',
  },
  {
    name: 'connections are not waited for',
    file: retiring,
    from: 'if (seen.at < connectionsUntil) {',
    to: 'if (seen.at < 0) {',
  },
  {
    name: 'retired without verification',
    file: verifying,
    from: "case 'wait':\n        return wait(verdict.because, finite(until));",
    to: "case 'wait':\n        return enter('retiring', verdict.because);",
  },
  {
    name: 'a green that cannot be looked at passes its gate',
    file: gating,
    from: 'if (blind !== null) {',
    to: 'if (blind !== null && seen.at < 0) {',
  },
  {
    name: 'gating never ends',
    file: gating,
    from: "if (verdict.is === 'inconclusive')",
    to: "if (verdict.is === 'inconclusive' && seen.at < 0)",
  },
  {
    name: 'starting never ends',
    file: starting,
    from: 'const until = app.since + app.policy.start.limitMs;',
    to: 'const until = app.since + 1e12;',
  },
  {
    name: 'the start is tried for ever',
    file: starting,
    from: 'if (failure !== undefined && tired(app, effect))',
    to: 'if (failure !== undefined && app.seq < 0)',
  },
  {
    name: 'idle keeps no house',
    file: idle,
    from: "act(leftovers(app, attached), 'only blue runs on the pools')",
    to: "act(leftovers(app, attached).slice(9), 'only blue runs on the pools')",
  },
  {
    name: 'idle leaves late droplets in the balancer',
    file: idle,
    from: 'if (late.length === 0) return null;',
    to: 'if (late.length < 9) return null;',
  },
  {
    name: 'idle leaves blue failing its health check',
    file: idle,
    from: "act(restorations(app), 'blue must pass its health check')",
    to: "act(restorations(app).slice(9), 'blue must pass its health check')",
  },
  {
    name: 'out of sight is waited for for ever',
    file: judgement,
    from: 'if (at < until) return wait(blind.because, until);',
    to: 'if (at < until + 1e12) return wait(blind.because, until);',
  },
  {
    name: 'old sightings prove that a droplet serves',
    file: judgement,
    from: 'last >= seen.at - sightingMaxAgeMs && last >= app.redirectedAt',
    to: 'last >= 0',
  },
  {
    name: 'an old record of the balancer is believed',
    file: membership,
    from: 'if (attached.known && attached.at < app.wroteAt)',
    to: 'if (attached.known && attached.at < 0)',
  },
  {
    name: 'a foreign edit is overridden',
    file: step,
    from: "return difference === null ? null : enter('held'",
    to: "return difference !== '' ? null : enter('held'",
  },
  {
    name: 'two changes of the balancer at once',
    file: step,
    from: 'if (first !== undefined)',
    to: 'if (first !== undefined && app.seq < 0)',
  },
  // People's words.
  {
    name: 'nobody is asked to approve',
    file: 'promotion/phases/approval.ts',
    from: 'if (approval === undefined) return enter',
    to: 'if (approval === undefined || app.seq > 0) return enter',
  },
  {
    name: 'a request for approval counts as one',
    file: 'promotion/phases/approval.ts',
    from: 'if (given !== null)',
    to: 'if (given !== undefined)',
  },
  {
    name: 'an approval is waited for for ever',
    file: 'promotion/phases/approval.ts',
    from: 'if (until === null || at < until) return null;',
    to: 'if (until === null || at > 0) return null;',
  },
  {
    name: 'a crash gives more time to approve',
    file: fold,
    from: 'return { ...app, since: entry.at, unsettled, failures: unheard(app) };',
    to: `const more = app.approval && { ...app.approval, until: entry.at + 15_000 };
  return { ...app, approval: more, since: entry.at, unsettled, failures: unheard(app) };`,
  },
  {
    name: 'an approval counts after its time',
    file: 'promotion/admit.ts',
    from: 'at >= approval.until;',
    to: 'at < 0;',
  },
  // Steps.
  {
    name: 'all of green joins at once',
    file: 'promotion/phases/joining.ts',
    from: "return joining.part === 'all' ? green.droplets :",
    to: "return joining.part !== 'none' as string ? green.droplets :",
  },
  {
    name: 'the rest joins unjudged',
    file: 'promotion/phases/joining.ts',
    from: 'if (gates.length > 0 || minMs > 0) return',
    to: 'if (gates.length > 9) return',
  },
  {
    name: 'the rest joins before the first was seen to serve',
    file: switching,
    from: 'const silent = part.filter((droplet) => !serves(app, seen, droplet));',
    to: "const silent = part.filter((droplet) => app.joining.part === 'all' && !serves(app, seen, droplet));",
  },
  // Warmth.
  {
    name: 'what somebody keeps is retired',
    file: 'promotion/warmth.ts',
    from: 'if (kept !== null) return',
    to: "if (kept !== null && kept.by === '') return",
  },
  {
    name: 'never means at once',
    file: 'promotion/warmth.ts',
    from: 'const never = app.policy.drain.warmMs === null && until === null;',
    to: 'const never = app.seq < 0;',
  },
  {
    name: 'more time is not given',
    file: fold,
    from: 'return { ...warm, until: command.until };',
    to: 'return warm;',
  },
  // Hooks.
  {
    name: 'a required hook that failed leads forward',
    file: 'promotion/hook-steps.ts',
    from: 'if (broken !== null)',
    to: "if (broken === '')",
  },
  {
    name: 'the phase does not wait for its hooks',
    file: 'promotion/hook-steps.ts',
    from: 'if (hook === null) return next();',
    to: 'if (hook !== undefined) return next();',
  },
  {
    name: 'a hook has another id at every attempt',
    file: 'promotion/hook.ts',
    from: 'name}/$' + '{seq}`',
    to: 'name}/$' + '{app.seq}`',
  },
  {
    name: 'going back waits for its hooks',
    file: 'promotion/hook-steps.ts',
    from: "if (app.phase === 'aborting') return alongside",
    to: "if (app.phase === 'idle') return alongside",
  },
  // Folding.
  {
    name: 'a write without an answer counts as not done',
    file: fold,
    from: 'if (!entry.ok) return { ...next, unsure: union(app.unsure, effect.droplets) };',
    to: 'if (!entry.ok) return next;',
  },
  {
    name: 'what was begun to start is not remembered',
    file: fold,
    from: 'return { ...app, unsettled, present: add(app.present, place) };',
    to: 'return { ...app, unsettled };',
  },
  {
    name: 'a new controller forgets the calls of its predecessor',
    file: fold,
    from: '.filter((one) => isBalancerEffect(one.effect))\n    .map',
    to: '.filter((one) => one.until < 0 && isBalancerEffect(one.effect))\n    .map',
  },
  {
    name: 'silenced projects are forgotten',
    file: fold,
    from: 'return { ...app, unsettled, silenced: add(app.silenced, place), redirectedAt: now };',
    to: 'return { ...app, unsettled, redirectedAt: now };',
  },
  // The loop.
  {
    name: 'an effect is begun before it is recorded',
    file: loop,
    from: "    const written = await this.#record(facts);\n    if (written === 'lost') return { is: 'replaced', app: this.#app };\n    if (written === 'written') for",
    to: "    for (const effect of effects) this.#start(effect);\n    const written = await this.#record(facts);\n    if (written === 'lost') return { is: 'replaced', app: this.#app };\n    if (written === 'written' && facts.length < 0) for",
  },
  {
    name: 'an effect that hangs is waited for for ever',
    file: loop,
    from: 'this.#world.clock.alarm(limitMs, () => {',
    to: 'this.#world.clock.alarm(1e12, () => {',
  },
  {
    name: 'nobody settles what a dead predecessor began',
    file: loop,
    from: 'if (now < one.until) continue;',
    to: 'if (now >= 0) continue;',
  },
  {
    name: 'what others wrote is not read',
    file: loop,
    from: 'if (entry.seq > this.#app.seq) this.#take(entry);',
    to: 'if (entry.seq > this.#app.seq && entry.type !== "asked") this.#take(entry);',
  },
  {
    name: 'a frozen controller still writes to the balancer',
    file: lease,
    from: 'holds: () => !lost.signal.aborted && clock.now() < sure.until - skewMaxMs,',
    to: 'holds: () => true,',
  },
  // The cloud's client.
  {
    name: '204 counts as done',
    file: balancer,
    from: "if (ended === 'sent') await shown(target, verb, wish);",
    to: "if (ended === 'never') await shown(target, verb, wish);",
  },
  {
    name: 'a foreign edit is not compared with before a write',
    file: planning,
    from: 'if (!isSame(mine, expected)) return',
    to: 'if (mine.length > 9) return',
  },
];
