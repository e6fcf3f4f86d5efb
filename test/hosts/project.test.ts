// The words for Docker Compose, as arrays.
import { describe, expect, test } from 'vitest';
import {
  composeFile,
  downWords,
  privileged,
  pullWords,
  releaseDirectory,
  upWords,
} from '../../src/hosts/project.ts';
import { shopSettings } from './settings.ts';

const place = { project: 'shop-r42', droplet: 3 };
const settings = shopSettings({ compose: { envFiles: ['/opt/shop/env/a.env', '/opt/my env'] } });
const compose = [
  'env',
  'BGCTL_DROPLET=3',
  'docker',
  'compose',
  '-p',
  'shop-r42',
  '--project-directory',
  '/opt/shop',
  '-f',
  '/opt/shop/releases/shop-r42/compose.yml',
  '--env-file',
  '/opt/shop/env/a.env',
  '--env-file',
  '/opt/my env',
];

describe('words for Compose', () => {
  test('pull', () => {
    expect(pullWords(settings, place)).toEqual([...compose, 'pull', '--quiet']);
  });

  test('up detaches, sweeps orphans and never builds on a droplet', () => {
    const verb = ['up', '--detach', '--remove-orphans', '--no-build'];
    expect(upWords(settings, place)).toEqual([...compose, ...verb]);
  });

  test('down keeps volumes', () => {
    const verb = ['down', '--remove-orphans', '--timeout', '30'];
    expect(downWords(settings, place, 30)).toEqual([...compose, ...verb]);
  });

  test('without env files Compose looks for its own .env', () => {
    expect(pullWords(shopSettings(), place)).not.toContain('--env-file');
  });

  test('each release has its own directory and file', () => {
    expect(releaseDirectory(settings, 'shop-r42')).toBe('/opt/shop/releases/shop-r42');
    expect(composeFile(settings, 'shop-r42')).toBe('/opt/shop/releases/shop-r42/compose.yml');
  });

  test('hosts.sudo prefixes words, and never asks for a password', () => {
    expect(privileged(shopSettings({ hosts: { sudo: true } }), ['docker', 'ps'])).toEqual([
      'sudo',
      '-n',
      'docker',
      'ps',
    ]);
    expect(privileged(settings, ['docker', 'ps'])).toEqual(['docker', 'ps']);
  });
});
