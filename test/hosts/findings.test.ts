// What `check` says of an env file: who may read it is told, and what cannot be read is no file to promote with.
import { describe, expect, test } from 'vitest';
import type { EnvFile, HostFacts } from '../../src/hosts/facts.ts';
import { findingsOf } from '../../src/hosts/findings.ts';
import { shopSettings } from './settings.ts';

const path = '/opt/shop/env/web.env';
const sha256 = 'a'.repeat(64);
const facts: HostFacts = {
  docker: '27.5.1',
  dockerTrouble: '',
  notRoot: null,
  compose: '2.32.4',
  missingPrograms: [],
  tcpTrouble: null,
  diskFreeBytes: 2 ** 40,
  memoryAvailableBytes: 2 ** 40,
  directoryTrouble: null,
  logins: {},
};

function said(file: EnvFile | null) {
  return findingsOf(shopSettings(), facts, { [path]: file }).find(({ what }) => what === path);
}

describe('an env file', () => {
  test.each(['600', '400', '0600'])('with mode %s is root’s alone', (mode) => {
    expect(said({ mode, owner: 'root', sha256 })?.ok).toBe('yes');
  });

  test.each(['640', '604', '644', '660'])(
    'with mode %s is read by others, which is told',
    (mode) => {
      const finding = said({ mode, owner: 'root', sha256 });
      expect(finding?.ok).toBe('unknown');
      expect(finding?.detail).toContain(`mode ${mode}: others may read it, want 600`);
    },
  );

  test('that is not there, or that bgctl may not read, stands in the way', () => {
    expect(said(null)?.ok).toBe('no');
    expect(said({ mode: '600', owner: 'root', sha256: null })?.ok).toBe('no');
  });
});
