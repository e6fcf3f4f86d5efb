// The CI example and the README name commands, options and files that exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from './sources.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const commands = readdirSync(join(root, 'src/cli/commands')).map((file) => file.replace('.ts', ''));

type Step = { readonly run?: string; readonly if?: string };
const workflow = parse(read('examples/github-actions/deploy.yml')) as {
  readonly jobs: { readonly promote: { readonly steps: readonly Step[] } };
};
const runs = workflow.jobs.promote.steps.filter(({ run }) => run?.includes('bgctl '));

describe('the CI example', () => {
  test('runs bgctl by `exec`, so that a cancelled job’s signals reach it', () => {
    const bare = runs.filter(
      ({ run }) => !run?.startsWith('exec bgctl ') && !run?.startsWith('npm '),
    );
    expect(bare).toEqual([]);
    expect(runs.length).toBeGreaterThan(2);
  });

  test('runs only commands that bgctl has', () => {
    const used = runs.flatMap(({ run }) => /bgctl (\w+)/.exec(run ?? '')?.[1] ?? []);
    expect(used.filter((command) => !commands.includes(command))).toEqual([]);
  });

  test('goes on with what a cancelled or lost step left', () => {
    const last = workflow.jobs.promote.steps.at(-1);
    expect(last?.run).toContain('bgctl resume');
    expect(last?.if).toMatch(/cancelled\(\)/);
  });

  test('keeps the report, by outputs that bgctl sets', () => {
    const used = [
      ...read('examples/github-actions/deploy.yml').matchAll(/steps\.promote\.outputs\.(\w+)/g),
    ];
    const set = ['release', 'result', 'exit', 'report', 'url'];
    expect(used.length).toBeGreaterThan(1);
    expect(used.flatMap(([, name]) => (set.includes(name ?? '') ? [] : [name]))).toEqual([]);
  });

  test('names the scopes that the README names', () => {
    for (const scope of [
      'load_balancer:read',
      'load_balancer:update',
      'droplet:read',
      'tag:read',
    ]) {
      expect(read('examples/github-actions/deploy.yml')).toContain(scope);
      expect(read('README.md')).toContain(scope);
    }
  });
});

describe('the Terraform example', () => {
  test('leaves the droplets of the balancer to bgctl, and names them by id as bgctl asks', () => {
    const text = read('examples/terraform/balancer.tf');
    expect(text).toMatch(/lifecycle \{\s*ignore_changes = \[droplet_ids\]\s*\}/);
    expect(text).not.toMatch(/^\s*droplet_tag\s*=/m);
  });
});

describe('the README', () => {
  const readme = read('README.md');

  test('links only to files that are there', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path ?? '');
    expect(links.filter((path) => !/^https?:/.test(path) && !existsSync(join(root, path)))).toEqual(
      [],
    );
    expect(links.length).toBeGreaterThan(3);
  });

  test('names every command, and only npm scripts that exist', () => {
    for (const command of commands) expect(readme).toContain(command);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const used = [...readme.matchAll(/npm (?:run )?(demo|test|check|bench|lab|test:\w+)\b/g)].map(
      ([, name]) => name ?? '',
    );
    expect(used.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test('names tests that there are', () => {
    const rows = readme.slice(readme.indexOf('## Bad days'), readme.indexOf('## Numbers'));
    const named = [...rows.matchAll(/\*([^*]{20,}?)\*/g)].map(([, title]) => title ?? '');
    const titles = titlesIn('test/e2e');
    expect(named.filter((title) => !titles.some((one) => one.test(title)))).toEqual([]);
    expect(named.length).toBeGreaterThan(6);
  });
});

/** What tests under `folder` may be called: `$name` and `%s` stand for anything. */
function titlesIn(folder: string): readonly RegExp[] {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.test.ts'));
  const text = files.map((file) => read(`${folder}/${file}`)).join('\n');
  const titles = [...text.matchAll(/(['`])(.{20,}?)\1,/g)].map(([, , title]) => title ?? '');
  return titles.map((title) => {
    const parts = title.replace(/^I\d+: /, '').split(/\$\w+|%s/);
    return new RegExp(`^(I\\d+: )?${parts.map(literally).join('.+')}$`);
  });
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
