// I8 for files: a secret written in the wrong place is refused, and never repeated.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
import { expect, test } from 'vitest';
import { parseSettings } from '../../src/policy/parse.ts';
import { shown, withoutSecrets } from '../../src/policy/secret.ts';
import { bgctlYml, changed, complaints, where } from './texts.ts';

const canary = `dop_v1_${'c0ffee'.repeat(10)}abcd`;

test.each([
  [['a'], 'a list'],
  [{ a: 1 }, 'a map'],
  [null, 'null'],
  [7, '7'],
  ['shop', '"shop"'],
  ['two\nlines, "quoted"', '"two\\nlines, \\"quoted\\""'],
  ['x'.repeat(60), `"${'x'.repeat(60)}"`],
  ['x'.repeat(61), `"${'x'.repeat(57)}…"`],
  [`${'x '.repeat(40)}${canary}`, `"${'x '.repeat(28)}x…"`],
])('what was written is repeated short and on one line: %j', (value, said) => {
  expect(shown(value)).toBe(said);
});

test.each([
  `do${'p'}_v1_${'0'.repeat(8)}`,
  `doo_v1_${'0'.repeat(8)}`,
  `DOR_V1_${'0'.repeat(8)}`,
  `ghp_${'Ab0'.repeat(4)}`,
  `ghs_${'Ab0'.repeat(4)}`,
  `github_pat_${'Ab0'.repeat(4)}`,
  `glpat-${'Ab0'.repeat(4)}`,
  '-----BEGIN',
  'c0ffee'.repeat(7),
  'https://ann:geheim@example.com/x',
  'x=postgres://ann@example.com',
])('%s looks like a secret, and so does all that clings to it', (secret) => {
  for (const clinging of [secret, `x${secret}`, `${secret},y`])
    expect(withoutSecrets(`see "${clinging}" and ${clinging} here`)).toBe(
      'see "(hidden: it looks like a secret)" and (hidden: it looks like a secret) here',
    );
});

test.each([
  'dopamine_v1',
  'c0ffee'.repeat(6),
  'https://example.com/@ann',
  'ghost_1',
  'a@example.com',
])('%s is no secret', (text) => {
  expect(withoutSecrets(`see ${text} here`)).toBe(`see ${text} here`);
});

test('a value of a hundred thousand letters is looked through at once', () => {
  const long = 'x'.repeat(100_000);
  const began = performance.now();
  expect(withoutSecrets(`${long} ${canary}`)).toBe(`${long} (hidden: it looks like a secret)`);
  expect(performance.now() - began).toBeLessThan(1_000);
});

test('what a terminal would obey is not repeated', () => {
  const [line = ''] = complaints(parseSettings(`"a\\eb": 1\n${bgctlYml}`, 'bgctl.yml', where));
  expect(line).toBe('bgctl.yml:1:1  a·b: is not a known key');
});

test.each([
  ['as the token', changed(bgctlYml, '${DIGITALOCEAN_TOKEN}', canary)],
  ['in quotes that never close', changed(bgctlYml, '${DIGITALOCEAN_TOKEN}', `"${canary}`)],
  ['with a misspelt key', changed(bgctlYml, 'token: ${DIGITALOCEAN_TOKEN}', `tokn: ${canary}`)],
  ['as a key', changed(bgctlYml, 'token: ${DIGITALOCEAN_TOKEN}', `${canary}: 1`)],
  ['as a key written twice', `${bgctlYml}${canary}: 1\n${canary}: 2\n`],
  ['as an alias', changed(bgctlYml, '${DIGITALOCEAN_TOKEN}', `*${canary}`)],
  ['as a tag', changed(bgctlYml, '${DIGITALOCEAN_TOKEN}', `!${canary} x`)],
  ['under a list', changed(bgctlYml, 'token: ${DIGITALOCEAN_TOKEN}', `token: [${canary}]`)],
  ['as the signal', changed(bgctlYml, 'SIGUSR1', canary)],
  ['in the endpoint', changed(bgctlYml, 'shop-lb', `shop-lb\n  endpoint: "https //${canary}"`)],
  ['as the policy', `${bgctlYml}policy: ${canary}\n`],
  [
    'as a tag of both pools',
    bgctlYml.replace('shop-a', canary).replace('droplets: [11, 12]', `tag: ${canary}`),
  ],
  [
    'in the address of the journal',
    `${bgctlYml}journal: { postgres: { url: "postgresql://bgctl:${canary}@db.example.com/shop" } }\n`,
  ],
  [
    'beside a variable in the address of the journal',
    `${bgctlYml}journal: { postgres: { url: "postgresql://bgctl:c0ffee@${'${HOST}'}/shop" } }\n`,
  ],
  ['as the drain service', changed(bgctlYml, 'service: web', `service: ${canary}`)],
])('a token %s is refused without being shown', (_, text) => {
  const said = complaints(parseSettings(text, 'bgctl.yml', where)).join('\n');
  expect(said).not.toBe('');
  expect(said).not.toContain('c0ffee');
});
