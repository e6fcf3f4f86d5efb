import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isShown, planChange } from '../../src/cloud/membership.ts';

const ours = [1, 2, 3, 4];

describe('a change of membership', () => {
  it('sends only what is not yet as wanted', () => {
    const wish = { droplets: [3, 4], expected: [1, 2, 3], ours, mayEmpty: false };
    expect(planChange('attach', wish, [2, 1, 3])).toEqual({ is: 'send', droplets: [4] });
    expect(planChange('detach', wish, [2, 1, 3])).toEqual({ is: 'send', droplets: [3] });
  });

  it('is done when an earlier try of it was applied', () => {
    const attach = { droplets: [3, 4], expected: [1, 2], ours, mayEmpty: false };
    expect(planChange('attach', attach, [1, 2, 3, 4])).toEqual({ is: 'done' });
    const detach = { droplets: [1, 2], expected: [1, 2, 3, 4], ours, mayEmpty: false };
    expect(planChange('detach', detach, [3, 4])).toEqual({ is: 'done' });
  });

  it('I4: is drift, naming who came and who went, when the balancer is not as expected', () => {
    const wish = { droplets: [4], expected: [1, 2], ours, mayEmpty: false };
    expect(planChange('attach', wish, [1, 3])).toMatchObject({
      is: 'drift',
      because: expect.stringContaining('droplet 3 came, droplet 2 went'),
    });
    expect(planChange('attach', wish, [])).toMatchObject({
      is: 'drift',
      because: expect.stringContaining('droplets 1 and 2 went'),
    });
  });

  it('is drift when only a part of what was wanted is there, for DigitalOcean applies all or nothing', () => {
    const wish = { droplets: [3, 4], expected: [1, 2], ours, mayEmpty: false };
    expect(planChange('attach', wish, [1, 2, 3])).toMatchObject({ is: 'drift' });
  });

  it('I7: does not look at droplets that are not ours, nor sends them', () => {
    const wish = { droplets: [3, 4], expected: [1, 2], ours, mayEmpty: false };
    expect(planChange('attach', wish, [9, 1, 2])).toEqual({ is: 'send', droplets: [3, 4] });
    expect(() => planChange('detach', { ...wish, droplets: [9] }, [9, 1, 2])).toThrow(/ours/);
  });

  it('never empties the balancer, unless that is meant', () => {
    const wish = { droplets: [1, 2], expected: [1, 2], ours, mayEmpty: false };
    expect(planChange('detach', wish, [1, 2])).toMatchObject({
      is: 'drift',
      because: expect.stringContaining('would be empty'),
    });
    expect(planChange('detach', { ...wish, mayEmpty: true }, [1, 2])).toMatchObject({ is: 'send' });
    expect(planChange('detach', wish, [1, 2, 9])).toEqual({ is: 'send', droplets: [1, 2] });
  });

  it('whatever is attached, leads where it says, or is drift', () => {
    const some = fc.uniqueArray(fc.integer({ min: 1, max: 6 }));
    const mine = fc.subarray(ours);
    fc.assert(
      fc.property(
        fc.constantFrom('attach', 'detach'),
        mine,
        mine,
        some,
        (verb, droplets, expected, attached) => {
          const plan = planChange(verb, { droplets, expected, ours, mayEmpty: false }, attached);
          if (plan.is === 'drift') return;
          const sent = plan.is === 'send' ? plan.droplets : [];
          expect(plan.is === 'send').toBe(sent.length > 0);
          const after =
            verb === 'attach'
              ? [...attached, ...sent]
              : attached.filter((id) => !sent.includes(id));
          expect(new Set(after).size).toBe(after.length);
          expect(isShown(verb, { droplets }, after)).toBe(true);
          expect(after.filter((id) => !ours.includes(id))).toEqual(
            attached.filter((id) => !ours.includes(id)),
          );
          if (sent.length > 0) expect(after.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
