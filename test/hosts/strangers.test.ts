// Which compose projects on a droplet are the app's.
import { expect, test } from 'vitest';
import type { Listed } from '../../src/hosts/docker.ts';
import { projectsOfApp } from '../../src/hosts/strangers.ts';
import { shopSettings } from './settings.ts';

function listed(project: string, labels: Record<string, string> = {}): Listed {
  return { id: project, name: `${project}-1`, project, labels, hostPorts: [] };
}

const dir = (directory: string, service = 'web') => ({
  'com.docker.compose.project.working_dir': directory,
  'com.docker.compose.service': service,
});
const found = (...all: Listed[]) => projectsOfApp(shopSettings(), all);

test('a project is the app’s by its name, whole or with a release', () => {
  const names = [
    'shop',
    'shop-r1',
    'shop-r42',
    'shop-r',
    'shop-r1x',
    'shop2',
    'shop-staging-r1',
    '',
  ];
  expect(found(...names.map((name) => listed(name)))).toEqual(['shop', 'shop-r1', 'shop-r42']);
});

test('a project is the app’s by bgctl’s label', () => {
  expect(found(listed('odd', { 'bgctl.app': 'shop' }))).toEqual(['odd']);
  expect(found(listed('odd', { 'bgctl.app': 'other', ...dir('/opt/shop') }))).toEqual([]);
});

test('a project that was started under the app’s directory may be adopted', () => {
  expect(found(listed('old', dir('/opt/shop')))).toEqual(['old']);
  expect(found(listed('old', dir('/opt/shop/current')))).toEqual(['old']);
  expect(found(listed('old', dir('/opt/shopping')))).toEqual([]);
});

test('a project of shared services only is never the app’s', () => {
  expect(found(listed('data', dir('/opt/shop', 'db')))).toEqual([]);
  expect(found(listed('data', dir('/opt/shop', 'db')), listed('data', dir('/opt/shop')))).toEqual([
    'data',
  ]);
});
