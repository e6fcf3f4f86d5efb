// bgctl check on variables: whatever the policy sends by reference, in whichever phase, is told where it is missing.
import { expect, test } from 'vitest';
import { ofVariables } from '../../src/cli/findings.ts';
import type { GateSpec } from '../../src/policy/policy.ts';
import { aPolicy, aPolicyWithHooks } from '../builders/policy.ts';

const reference = (name: string) => `\${${name}}`;

test('of gates while switching and of webhooks they are looked for, and none may be its own', () => {
  const [gate] = aPolicy().gate.gates;
  const probe = { ...gate?.probe, headers: { authorization: reference('API_KEY') } };
  const webhook = (name: string) =>
    ({ does: { kind: 'webhook', url: `https://chat.example.com/${reference(name)}` } }) as const;
  const hooked = aPolicyWithHooks('verify', webhook('CHAT'), webhook('DO_TOKEN'), webhook('PG'));
  const policy = {
    ...hooked,
    switch: { ...hooked.switch, gates: [{ ...gate, probe } as GateSpec] },
  };
  const settings = {
    cloud: { tokenVariable: 'DO_TOKEN' },
    journal: { kind: 'postgres', urlVariable: 'PG' },
  };
  const given = { policy, settings } as unknown as Parameters<typeof ofVariables>[0];
  const found = ofVariables(given, { CHAT: 'set', DO_TOKEN: 'set', PG: 'set' });
  expect(found.map(({ verdict, what }) => [verdict, what])).toEqual([
    ['fail', 'environment variable API_KEY, for a probe'],
    ['ok', 'environment variable CHAT, for a hook'],
    ['fail', 'environment variable DO_TOKEN, for a hook'],
    ['fail', 'environment variable PG, for a hook'],
  ]);
});
