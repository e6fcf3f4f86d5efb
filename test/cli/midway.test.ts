// A refusal that comes in the middle of a promotion is told as what it is: something stands, and `resume` goes on with it.
import { expect, test } from 'vitest';
import { midway } from '../../src/cli/drive.ts';
import { decode } from '../../src/journal/codec.ts';
import { Failure } from '../../src/lib/failure.ts';

test('a journal that is damaged while it is driven is no refusal before anything was touched', () => {
  const damaged = thrown(() => decode('garbage\n{}\n', 'shop.jsonl'));
  expect(damaged).toMatchObject({ precondition: true });
  const told = midway(damaged);
  expect(told).toMatchObject({ precondition: false, from: 'journal' });
  expect((told as Failure).message).toContain('line 1 is not a journal entry');
  expect((told as Failure).message).not.toContain('Nothing was changed');
});

test('what is no refusal stays what it is', () => {
  const [lost, mistake] = [new Failure('host', 'no route', { retry: 'soon' }), new Error('a bug')];
  expect(midway(lost)).toBe(lost);
  expect(midway(mistake)).toBe(mistake);
});

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
}
