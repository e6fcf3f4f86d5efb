// The data plane really balances: health first, round robin, edits after a while, drain or cut.
import { afterEach, describe, expect, it } from 'vitest';
import type { Knobs } from '../../src/emulator/knobs.ts';
import { until } from './droplet.ts';
import { onEachPlane } from './planes.ts';
import { addresses, allUp, ask, begin as beginOn, end, type Given, get, path } from './world.ts';

afterEach(end);

onEachPlane((plane) => {
  const begin = (dropletIds: number[], options: Given = {}) =>
    beginOn(dropletIds, { plane, ...options });

  describe('health', () => {
    it('a new target gets nothing before its checks have passed in a row', async () => {
      const world = await begin([1]);
      await allUp(world, 1);
      world.second.healthStatus = 503;
      await world.call('POST', path, { droplet_ids: [2] });
      expect(await world.report(2)).toMatchObject({ state: 'DOWN', requests: 0 });
      for (let i = 0; i < 10; i += 1) expect((await get(world.front)).text).toBe(addresses[0]);
      world.second.healthStatus = 200;
      await allUp(world, 2);
      expect((await world.report(2))?.passes).toBe(3);
      const texts = [];
      for (let i = 0; i < 4; i += 1) texts.push((await get(world.front)).text);
      expect(texts.toSorted()).toEqual([addresses[0], addresses[0], addresses[1], addresses[1]]);
    });

    it('the front answers 503 while no target is up', async () => {
      const world = await begin([]);
      expect((await get(world.front)).status).toBe(503);
      await until('it is counted', async () => (await world.balancer()).counters.noTarget === 1);
    });

    it('a target that fails its checks gets no new requests, and finishes those in flight', async () => {
      const world = await begin([1, 2]);
      await allUp(world, 1, 2);
      const open = [ask(`${world.front}/hold`), ask(`${world.front}/hold`)];
      await until('each has one', () => world.first.seen.length + world.second.seen.length === 2);
      world.first.healthStatus = 503;
      await until('droplet 1 is down', async () => (await world.report(1))?.state === 'DOWN');
      expect(await world.report(1)).toMatchObject({ active: 1, lastCheck: { because: '503' } });
      for (let i = 0; i < 6; i += 1) expect((await get(world.front)).text).toBe(addresses[1]);
      world.first.release();
      world.second.release();
      expect((await Promise.all(open)).toSorted()).toEqual(['200 127.0.3.1', '200 127.0.3.2']);
    });

    it('a redirect passes only where the knob says so', async () => {
      const world = await begin([1]);
      world.first.healthStatus = 301;
      await until(
        'it is refused',
        async () => (await world.report(1))?.lastCheck?.because === '301',
      );
      expect(await world.report(1)).toMatchObject({ state: 'DOWN', passes: 0 });
      world.emulator.setKnobs({ healthyStatuses: '2xx-3xx' });
      await allUp(world, 1);
    });

    it('a target that is gone, or silent, goes down', async () => {
      const world = await begin([1, 2]);
      await allUp(world, 1, 2);
      await world.first.stop();
      world.second.healthStatus = 0;
      const down = async (id: number) => (await world.report(id))?.state === 'DOWN';
      await until('both are down', async () => (await down(1)) && (await down(2)));
      expect((await world.report(1))?.lastCheck?.because).toMatch(
        /ECONNREFUSED|Connection refused/,
      );
      expect((await world.report(2))?.lastCheck?.because).toMatch(/no answer in time|timeout/);
    });
  });

  describe('edits', () => {
    it('reach the data plane after the propagation time', async () => {
      const world = await begin([1], { knobs: { propagationMs: 250 } });
      await allUp(world, 1);
      const editedAt = Date.now();
      await world.call('DELETE', path, { droplet_ids: [1] });
      expect((await world.balancer()).dropletIds).toEqual([]);
      expect((await get(world.front)).status).toBe(200);
      await until('the front has lost it', async () => (await get(world.front)).status === 503);
      expect(Date.now() - editedAt).toBeGreaterThanOrEqual(240);
    });

    it('a droplet that returns must earn its health again', async () => {
      const world = await begin([1, 2]);
      await allUp(world, 1, 2);
      await world.call('DELETE', path, { droplet_ids: [1] });
      await world.call('POST', path, { droplet_ids: [1] });
      expect((await world.report(1))?.state).toBe('DOWN');
      await allUp(world, 1);
    });
  });

  describe.each([false, true])('removal with backend keep-alive %s', (enableBackendKeepalive) => {
    it('that drains lets an open request finish and sends no new one', async () => {
      // HAProxy pools the connection of the last request once more, and lets it go when its idle time is over.
      const poolIdleMs = plane === 'own' ? 60_000 : 500;
      const knobs: Partial<Knobs> = { removal: 'drain', poolIdleMs };
      const world = await begin([1], { knobs, enableBackendKeepalive });
      await allUp(world, 1);
      const before = [ask(`${world.front}/hold`), ask(`${world.front}/hold`)];
      await until('both are there', () => world.first.seen.length === 2);
      world.first.release();
      await Promise.all(before);
      const open = ask(`${world.front}/hold`);
      await until('it is there', () => world.first.seen.length === 3);
      // HAProxy gives a client's first request a connection of its own: that one cannot be stale.
      const idle = plane === 'own' ? 1 : 2;
      expect((await world.report(1))?.idleConnections).toBe(enableBackendKeepalive ? idle : 0);
      await world.call('DELETE', path, { droplet_ids: [1] });
      expect(await world.report(1)).toMatchObject({ leaving: true, active: 1, idleConnections: 0 });
      expect((await get(world.front)).status).toBe(503);
      world.first.release();
      expect(await open).toBe(`200 ${addresses[0]}`);
      await until('it has left', async () => (await world.report(1)) === undefined);
      const closed = () => [...world.first.sockets].every((socket) => socket.destroyed);
      await until('every connection is closed', closed);
    });

    it('that cuts ends open requests: 502 without an answer begun, else a broken one', async () => {
      const world = await begin([1], { knobs: { removal: 'cut' }, enableBackendKeepalive });
      await allUp(world, 1);
      const waiting = ask(`${world.front}/hold`);
      const receiving = ask(`${world.front}/half`);
      await until('both are there', async () => (await world.report(1))?.active === 2);
      await until('both were seen', () => world.first.seen.length === 2);
      await world.call('DELETE', path, { droplet_ids: [1] });
      expect(await waiting).toMatch(/^502/);
      expect(await receiving).toMatch(/broken|reset/);
      await until('both are counted', async () => (await world.balancer()).counters.cut === 2);
    });
  });
});
