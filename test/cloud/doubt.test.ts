import { describe, expect, it } from 'vitest';
import { busyText } from './fixtures.ts';
import { failureOf, useScene } from './scene.ts';

const scene = useScene();

describe('a write that got no answer', () => {
  it('is not repeated when the next look shows it applied (reset)', async () => {
    scene.cloud.mishaps.push({ applied: true, end: 'reset' });
    await scene.attachGreen();
    expect(scene.cloud.log).toEqual(['GET balancer', 'POST [3, 4]', 'GET balancer']);
  });

  it('is not repeated when the next look shows it applied (hang, then time-out)', async () => {
    scene.cloud.mishaps.push({ applied: true, end: 'hang' });
    scene.cloud.attached = [1, 2, 3, 4];
    await scene.detachBlue();
    expect(scene.cloud.log).toEqual(['GET balancer', 'DELETE [1, 2]', 'GET balancer']);
  });

  it('is not repeated when the next look shows it applied (a proxy in HTML)', async () => {
    scene.cloud.mishaps.push({ applied: true, answer: { status: 502, message: '' } });
    await scene.attachGreen();
    expect(scene.cloud.log).toEqual(['GET balancer', 'POST [3, 4]', 'GET balancer']);
  });

  it('is repeated, after a look, when it was not applied', async () => {
    scene.cloud.mishaps.push(
      { end: 'reset' },
      { end: 'hang' },
      { answer: { status: 503, message: '' } },
    );
    await scene.attachGreen();
    const turn = ['GET balancer', 'POST [3, 4]'];
    expect(scene.cloud.log).toEqual([...turn, ...turn, ...turn, ...turn, 'GET balancer']);
  });

  it('never goes out twice without a look between, even when looking fails', async () => {
    scene.cloud.mishaps.push({
      end: 'reset',
      meanwhile: () => scene.cloud.readTroubles.push(502, 500),
    });
    await scene.attachGreen();
    expect(scene.cloud.log).toEqual([
      'GET balancer',
      'POST [3, 4]',
      'GET balancer',
      'GET balancer',
      'GET balancer',
      'POST [3, 4]',
      'GET balancer',
    ]);
  });

  it('ends as drift when somebody changed the membership meanwhile', async () => {
    scene.cloud.mishaps.push({ end: 'reset', meanwhile: () => (scene.cloud.attached = [1]) });
    const failure = await failureOf(scene.attachGreen());
    expect(failure).toMatchObject({ from: 'drift', ambiguous: true });
    expect(failure.message).toContain('may have been applied');
    expect(scene.cloud.log).toEqual(['GET balancer', 'POST [3, 4]', 'GET balancer']);
  });

  it('was applied, but the record is late and the second try is refused: that is success', async () => {
    scene.cloud.mishaps.push(
      { applied: true, end: 'reset', meanwhile: () => (scene.cloud.lag = 3) },
      { answer: { status: 422, message: 'already assigned' } },
    );
    await scene.attachGreen();
    expect(scene.cloud.log.filter((line) => line.startsWith('POST'))).toHaveLength(2);
  });
});

describe('a refused write', () => {
  it.each([422, 404])(
    'counts as done when the membership is already as wanted (%i)',
    async (status) => {
      const meanwhile = () => (scene.cloud.attached = [1, 2, 3, 4]);
      scene.cloud.mishaps.push({ answer: { status, message: 'no' }, meanwhile });
      await scene.attachGreen();
      expect(scene.cloud.log).toEqual(['GET balancer', 'POST [3, 4]', 'GET balancer']);
    },
  );

  it('is final otherwise, in the words of the API', async () => {
    scene.cloud.mishaps.push({
      answer: { status: 422, message: 'One of the droplets does not exist' },
    });
    const failure = await failureOf(scene.attachGreen());
    expect(failure).toMatchObject({ from: 'cloud', retry: 'never', ambiguous: false });
    expect(failure.message).toContain('One of the droplets does not exist');
  });

  it('for lack of a scope names the scope, and is not repeated', async () => {
    scene.cloud.mishaps.push({ answer: { status: 403, message: 'You do not have permission' } });
    const failure = await failureOf(scene.attachGreen());
    expect(failure).toMatchObject({ from: 'cloud', retry: 'never', ambiguous: false });
    expect(failure.message).toContain('load_balancer:update');
    expect(scene.cloud.log).toHaveLength(2);
  });

  it('of a busy balancer is tried again, with a look before each try', async () => {
    const busy = { answer: { status: 403, message: busyText } };
    scene.cloud.mishaps.push(busy, busy);
    await scene.attachGreen();
    const turn = ['GET balancer', 'POST [3, 4]'];
    expect(scene.cloud.log).toEqual([...turn, ...turn, ...turn, 'GET balancer']);
    expect(scene.cloud.attached).toEqual([1, 2, 3, 4]);
  });
});
