// How often a droplet is asked for what is around a container; its shell is played, the answers are recorded ones.
import { beforeEach, expect, test } from 'vitest';
import type { Container } from '../../src/hosts/container.ts';
import { ConnectionCounter } from '../../src/hosts/counting.ts';
import type { SshHost } from '../../src/hosts/ssh.ts';
import { ManualClock } from '../controller/clock.ts';
import { shopSettings } from './settings.ts';

const around = '== own\n2: eth0 inet 10.110.0.5/20 scope global eth0\n';
const probe =
  '0 0 172.18.0.2:8000 10.110.0.5:33138 cubic bytes_sent:1 bytes_received:1 lastsnd:9 lastrcv:5 lastack:5\n';
const sshd = '0 0 10.110.0.5:33138 10.110.0.5:8000 users:(("sshd",pid=7,fd=9))\n';
const nginx = sshd.replace('sshd', 'nginx');

let outside = sshd;
let asked: boolean[] = [];
let clock = new ManualClock();
let counter = new ConnectionCounter(shopSettings(), clock);
const host = {
  async exec(words: readonly string[]) {
    const all = words.at(-1) !== '';
    asked.push(all);
    const stdout = all
      ? `${around}== inside\n${probe}== outside\n${outside}== end\n`
      : `== inside\n${probe}== end\n`;
    return { code: 0, stdout, stderr: '' };
  },
} as unknown as SshHost;
const container = (over: Partial<Container> = {}) =>
  ({
    id: 'c1',
    pid: 77,
    hostNetwork: false,
    ports: [{ inside: 8000, outside: 8000 }],
    ...over,
  }) as Container;

beforeEach(() => {
  outside = sshd;
  asked = [];
  clock = new ManualClock();
  counter = new ConnectionCounter(shopSettings(), clock);
});

test('what is around a container is asked for once in five seconds, and means the same in between', async () => {
  for (let n = 0; n < 12; n += 1) {
    expect(await counter.count(host, [container()])).toEqual({ open: 0, busy: 0 });
    await clock.pass(500);
  }
  expect(asked).toEqual([true, ...Array(9).fill(false), true, false]);
});

test('a proxy that came meanwhile is seen after five seconds, and its connections count', async () => {
  await counter.count(host, [container()]);
  outside = nginx;
  await clock.pass(5_000);
  expect(await counter.count(host, [container()])).toEqual({ open: 1, busy: 1 });
});

test('a container that was started again is looked at anew', async () => {
  await counter.count(host, [container()]);
  await counter.count(host, [container({ pid: 78 })]);
  expect(asked).toEqual([true, true]);
});
