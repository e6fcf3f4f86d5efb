// --log: what cannot be written to is refused at once, or given up with one note; it never fails what is logged.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLog } from '../../src/cli/log.ts';

let directory = '';
const notes: string[] = [];
const given = {
  redact: (text: string) => text.replace('canary', '***'),
  note: (text: string) => notes.push(text),
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bgctl-log-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the log', () => {
  test('has each line with its time, without secrets', async () => {
    const file = join(directory, 'bgctl.log');
    const log = await openLog(file, given);
    log?.('GET /v2/account with canary');
    const [line = ''] = (await readFile(file, 'utf8')).split('\n');
    expect(JSON.parse(line)).toMatchObject({ msg: 'GET /v2/account with ***' });
    expect(JSON.parse(line)).toHaveProperty('time');
  });

  test('is not opened where nobody asked for it', async () => {
    expect(await openLog(undefined, given)).toBeNull();
  });

  test.each(['/', '/nowhere/at/all.log'])(
    'at %s, where nothing can be written, is refused',
    async (file) => {
      await expect(openLog(file, given)).rejects.toMatchObject({
        conclusion: {
          code: 2,
          message: expect.stringContaining(`--log ${file} cannot be written to`),
        },
      });
    },
  );

  test.skipIf(!existsSync('/dev/full'))(
    'on a disk that is full is given up with one note, and who logs goes on',
    async () => {
      const log = await openLog('/dev/full', given);
      for (const line of ['one', 'two', 'three']) log?.(line);
      await new Promise(setImmediate);
      expect(notes).toHaveLength(1);
      expect(notes[0]).toContain(
        '--log /dev/full cannot be written to any more and is given up: ENOSPC',
      );
    },
  );
});
