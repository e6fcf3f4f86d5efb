// What a journal kept in files must do besides: unfinished lines, the modes of the files, nothing left over.
import { appendFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entered } from './facts.ts';
import { journalScene, tell } from './scene.ts';

export function filesContract(kind: 'file' | 'ssh'): void {
  const scene = journalScene(kind);
  const { open, leased } = scene;
  const path = () => join(scene.directory, 'shop.jsonl');

  describe('files of a journal', () => {
    test('a torn last line is told, and the next append takes its place', async () => {
      await tell(scene.journal, 'whole', 0);
      const good = await readFile(path(), 'utf8');
      await appendFile(path(), '{"v":1,"seq":2,"at":5,"type":"ask');
      for (const reader of [scene.journal, open()]) {
        const { entries, torn } = await reader.read();
        expect(entries).toHaveLength(1);
        expect(torn).toBe('line 2, 33 bytes: {"v":1,"seq":2,"at":5,"type":"ask');
      }
      expect(await tell(scene.journal, 'after', 1)).toBe('appended');
      const text = await readFile(path(), 'utf8');
      expect(text.startsWith(good)).toBe(true);
      expect(text.split('\n')).toHaveLength(3);
      expect(await open().read()).toMatchObject({ entries: [{ seq: 1 }, { seq: 2 }], torn: null });
    });

    test('an append of several facts of which the last is missing counts as never written', async () => {
      const epoch = await leased();
      await tell(scene.journal, 'whole', 0);
      await scene.journal.append([entered('a'), entered('b'), entered('c')], {
        afterSeq: 1,
        epoch,
        at: 1,
      });
      const lines = (await readFile(path(), 'utf8')).split('\n');
      await writeFile(path(), `${lines.slice(0, 3).join('\n')}\n`);
      const { entries, torn } = await open().read();
      expect(entries).toHaveLength(1);
      expect(torn).toContain('line 2');
      const fresh = open();
      expect(await fresh.append([entered('d')], { afterSeq: 1, epoch, at: 2 })).toBe('appended');
      expect((await scene.journal.read()).entries).toMatchObject([{}, { because: 'd' }]);
    });

    test('only the owner can read what is written, and nothing temporary is left', async () => {
      const epoch = await leased();
      await scene.journal.append([entered('a')], { afterSeq: 0, epoch, at: 1 });
      await scene.journal.renew(epoch, 1000);
      await scene.journal.store('c0ffee', 'services: {}');
      await scene.journal.keep('r42.1', '{}');
      const modes = async (name: string) => (await stat(join(scene.directory, name))).mode & 0o777;
      const names = (await readdir(scene.directory)).sort();
      expect(names).toEqual(['compose', 'reports', 'shop.jsonl', 'shop.lease.json', 'shop.lock']);
      expect(await readdir(join(scene.directory, 'compose'))).toEqual(['c0ffee.yml']);
      expect(await readdir(join(scene.directory, 'reports'))).toEqual(['shop.r42.1.json']);
      const files = ['shop.jsonl', 'shop.lease.json', 'shop.lock', 'compose/c0ffee.yml'];
      for (const name of [...files, 'reports/shop.r42.1.json'])
        expect([name, await modes(name)]).toEqual([name, 0o600]);
      for (const name of ['.', 'compose', 'reports'])
        expect([name, await modes(name)]).toEqual([name, 0o700]);
    });
  });
}
