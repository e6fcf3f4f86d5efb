// The GitHub workflows: valid, with the least that they need, safe to cancel, and of words that bgctl has.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is GitHub's interpolation.
import { validateAction, validateWorkflow } from '@action-validator/core';
import { describe, expect, test } from 'vitest';
import { read, yaml } from './files.ts';
import { callsIn, driving } from './words.ts';

type Step = {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
};
type Job = {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
};
type Workflow = {
  readonly permissions?: object;
  readonly concurrency?: { readonly group: string; readonly 'cancel-in-progress': boolean };
  readonly jobs: Readonly<Record<string, Job>>;
};

const folder = 'examples/github-actions';
const setup = `${folder}/setup-bgctl/action.yml`;
const all = ['deploy', 'rollback', 'approve'].map((name) => {
  const path = `${folder}/${name}.yml`;
  return { name, text: read(path), workflow: yaml<Workflow>(path) };
});
const jobs = all.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([id, job]) => ({ name: `${name}.${id}`, job })),
);
const drivers = jobs.filter(({ job }) => job.steps.some(({ run }) => run?.includes('bgctl ')));

describe('the workflow', () => {
  test.each(all)('$name is one to the schema of GitHub', ({ text }) => {
    expect(validateWorkflow(text).errors).toEqual([]);
    expect(validateWorkflow(text.replace('steps:', 'stepps:')).errors).not.toEqual([]);
  });

  test.each(all)('$name permits nothing as a whole', ({ workflow }) => {
    expect(workflow.permissions).toEqual({});
  });

  test.each(all)('$name runs one at a time and cancels nothing', ({ workflow }) => {
    expect(workflow.concurrency?.['cancel-in-progress']).toBe(false);
  });

  test('of another kind does not wait for a deploy, which may be waiting for it', () => {
    const groups = all.map(({ workflow }) => workflow.concurrency?.group);
    expect(new Set(groups).size).toBe(all.length);
  });

  test.each(all)('$name leaves the summary to bgctl', ({ text }) => {
    expect(text).not.toContain('GITHUB_STEP_SUMMARY');
  });

  test.each(all)('$name reads only outputs that a step or a job has', ({ workflow }) => {
    const text = JSON.stringify(workflow);
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    const ids = steps.flatMap(({ id }) => id ?? []);
    for (const [, id] of text.matchAll(/steps\.(\w+)\.outputs/g)) expect(ids).toContain(id);
    for (const [, job = '', output = ''] of text.matchAll(/needs\.(\w+)\.outputs\.(\w+)/g))
      expect(Object.keys(workflow.jobs[job]?.outputs ?? {})).toContain(output);
  });
});

describe('the job', () => {
  test.each(jobs)('$name may do only what it does', ({ name, job }) => {
    const packages = name === 'deploy.build' ? { packages: 'write' } : {};
    expect(job.permissions).toEqual({ contents: 'read', ...packages });
    expect(job['timeout-minutes']).toBeGreaterThan(0);
    const checkouts = job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.map((step) => step.with)).toEqual([{ 'persist-credentials': false }]);
  });

  test.each(jobs)('$name pastes nothing into a script', ({ job }) => {
    // `${{ }}` in `run` is filled in before the shell reads it: a title or a secret would be code, and shown.
    expect(job.steps.filter(({ run }) => run?.includes('${{'))).toEqual([]);
  });

  test.each(drivers)('$name is protected by an environment', ({ job }) => {
    expect(job.environment).toMatch(/^production/);
  });

  test.each(drivers)(
    '$name hands the signals of a cancelled job to bgctl, and goes on after it',
    ({ job }) => {
      const calls = job.steps.flatMap(({ run = '' }) => callsIn(run));
      const driven = calls.filter(({ words }) => driving.includes(words[0] ?? ''));
      expect(driven.filter(({ line }) => !line.startsWith('exec bgctl '))).toEqual([]);
      expect(driven.length).toBeGreaterThan(1);
      const last = job.steps.at(-1);
      expect(last?.run).toMatch(/^exec bgctl resume --timeout \d+m$/);
      expect(last?.if).toMatch(/cancelled\(\) \|\| failure\(\)/);
    },
  );

  test.each(drivers)('$name gives bgctl’s set-up all that it asks for', ({ job }) => {
    const { inputs } = yaml<{ inputs: object }>(setup);
    const step = job.steps.find(({ uses }) => uses === './.github/actions/setup-bgctl');
    expect(Object.keys(step?.with ?? {})).toEqual(Object.keys(inputs));
  });
});

test('the set-up is an action to the schema of GitHub, and its secrets are no words of a command', () => {
  expect(validateAction(read(setup)).errors).toEqual([]);
  const { runs } = yaml<{ runs: { steps: readonly Step[] } }>(setup);
  expect(runs.steps.filter(({ run }) => run?.includes('${{'))).toEqual([]);
});

test('a build is promoted by the digests that the registry gave', () => {
  const deploy = all.find(({ name }) => name === 'deploy')?.workflow.jobs;
  expect(deploy?.build?.outputs).toEqual({
    backend: '${{ steps.backend.outputs.digest }}',
    frontend: '${{ steps.frontend.outputs.digest }}',
  });
  const promote = deploy?.promote?.steps.find(({ id }) => id === 'promote');
  expect(promote?.run).toBe('exec bgctl promote "backend=$BACKEND" "frontend=$FRONTEND"');
});
