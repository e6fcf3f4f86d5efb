// The GitLab pipeline: as the GitHub workflows, by GitLab's own words.
import { describe, expect, test } from 'vitest';
import { read, yaml } from './files.ts';
import { callsIn, driving } from './words.ts';

type Job = {
  readonly extends?: string;
  readonly stage?: string;
  readonly timeout?: string;
  readonly interruptible?: boolean;
  readonly resource_group?: string;
  readonly environment?: { readonly name: string };
  readonly rules?: readonly { readonly if: string; readonly when?: string }[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly after_script?: readonly string[];
};

const path = 'examples/gitlab/.gitlab-ci.yml';
const {
  stages,
  workflow: _,
  ...jobs
} = yaml<Readonly<Record<string, Job>> & { stages: readonly string[]; workflow: object }>(path);
const base = jobs['.bgctl'] ?? {};
const drivers = Object.entries(jobs)
  .filter(([, job]) => job.extends === '.bgctl')
  .map(([name, job]) => ({ name, job: { ...base, ...job } }));

describe('the pipeline', () => {
  test('builds, and promotes the digests that the registry gave', () => {
    expect(stages).toEqual(['build', 'deploy']);
    expect(jobs.build?.script?.join('\n')).toMatch(/RepoDigests[\s\S]*_digest=\$\{digest#\*@\}/);
    expect(jobs.promote?.script?.at(-1)).toBe(
      'exec bgctl promote "backend=$backend_digest" "frontend=$frontend_digest"',
    );
  });

  test('shows no secret to a process list', () => {
    const lines = read(path).match(/^.*(PASSWORD|TOKEN|KEY).*$/gm) ?? [];
    const commands = lines.filter((line) => /^\s+- /.test(line));
    // A shell's own echo is no process; a key is a file to GitLab.
    expect(
      commands.filter((line) => !/- (echo "\$\w+" \||install -m 600 "\$\w+")/.test(line)),
    ).toEqual([]);
    expect(commands.length).toBeGreaterThan(1);
  });

  test('does not let approval and rollback wait for the deploy that waits for them', () => {
    const groups = drivers.map(({ job }) => job.resource_group);
    expect(new Set(groups).size).toBe(3);
    expect(groups).not.toContain(undefined);
  });
});

describe('the job', () => {
  test.each(drivers)(
    '$name is not cancelled by a newer pipeline, and is an environment’s',
    ({ job }) => {
      expect(job.interruptible).toBe(false);
      expect(job.environment?.name).toMatch(/^production/);
      expect(job.timeout).toMatch(/^\d+m$/);
    },
  );

  test.each(drivers)('$name ends in bgctl itself, which gets its signals', ({ job }) => {
    const last = job.script?.at(-1) ?? '';
    const calls = callsIn((job.script ?? []).join('\n'));
    const driven = calls.filter(({ words }) => driving.includes(words[0] ?? ''));
    expect(driven.map(({ line }) => line)).toEqual([last]);
    expect(last).toMatch(/^exec bgctl /);
  });

  test.each(drivers)(
    '$name goes on after a cancelled or lost one, within GitLab’s own limit',
    ({ job }) => {
      const [guarded = ''] = job.after_script ?? [];
      const [, minutes] =
        /^\[ "\$CI_JOB_STATUS" = success \] \|\| bgctl resume --timeout (\d+)m/.exec(guarded) ?? [];
      const limit = Number.parseInt(job.variables?.RUNNER_AFTER_SCRIPT_TIMEOUT ?? '', 10);
      expect(Number(minutes)).toBeGreaterThan(0);
      expect(Number(minutes)).toBeLessThan(limit);
    },
  );
});

test('a person approves by hand; a rollback runs only where a release is named, and then nothing else does', () => {
  expect(jobs.approve?.rules).toMatchObject([{ if: '$RELEASE == null', when: 'manual' }]);
  expect(jobs.rollback?.rules).toEqual([{ if: '$RELEASE' }]);
  for (const name of ['build', 'promote'])
    expect(jobs[name]?.rules).toEqual([{ if: '$RELEASE == null' }]);
});
