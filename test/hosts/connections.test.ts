// What `ss` tells of connections; lines as recorded on a droplet under load.
import { describe, expect, test } from 'vitest';
import { countConnections, isBusy, sectionsOf } from '../../src/hosts/connections.ts';

/** `ip -o addr` of a droplet: private address, Docker's bridges. */
const own = [
  '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever',
  '1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever',
  '2: eth0    inet 10.110.0.5/20 brd 10.110.15.255 scope global eth1\\       valid_lft forever',
  '3: docker0    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0\\       valid_lft forever',
  '4: br-e98d    inet 172.18.0.1/16 brd 172.18.255.255 scope global br-e98d\\       valid_lft forever',
  '4: br-e98d    inet6 fe80::42:aff:fe63:1/64 scope link \\       valid_lft forever preferred_lft forever',
].join('\n');

const tail = 'pacing_rate 9736867800bps delivered:31 app_limited rcv_space:14480 snd_wnd:64512';

type Tcp = {
  peer?: string;
  queues?: [number, number];
  sent?: number;
  received?: number;
  unacked?: number;
  times: [lastsnd: number, lastrcv: number, lastack: number];
};

/** A line of `ss -tinHO state established`; zeros are left out, as ss does. */
function line({ peer = '10.110.0.2:33138', queues = [0, 0], times, ...tcp }: Tcp): string {
  const { sent = 7890, received = 1996, unacked = 0 } = tcp;
  const counts = [
    sent > 0 ? `bytes_sent:${sent} bytes_acked:${sent}` : '',
    received > 0 ? `bytes_received:${received}` : '',
  ].join(' ');
  const [lastsnd, lastrcv, lastack] = times;
  const last = `lastsnd:${lastsnd} lastrcv:${lastrcv} lastack:${lastack}`;
  const transit = unacked > 0 ? `unacked:${unacked}` : '';
  return `${queues[0]}      ${queues[1]}      172.18.0.2:8000 ${peer} cubic wscale:10,10 rto:204 rtt:1.009/0.755 cwnd:40 ${counts} segs_out:32 send 459226957bps ${last} ${tail} ${transit}`;
}

const idle = line({ times: [3604, 3608, 3556] });
const asking = line({ times: [572, 568, 568] });

describe('a connection', () => {
  test('whose last data was theirs is owed an answer', () => {
    expect(isBusy(asking)).toBe(true);
    expect(isBusy(line({ times: [60_000, 1200, 1200] }))).toBe(true);
  });

  test('that asked and was never answered is busy', () => {
    expect(isBusy(line({ sent: 0, received: 71, times: [572, 572, 572] }))).toBe(true);
    expect(isBusy(line({ sent: 0, received: 71, times: [90_000, 90_000, 90_000] }))).toBe(true);
  });

  test('whose last data was ours waits in a pool', () => {
    expect(isBusy(idle)).toBe(false);
    expect(isBusy(line({ times: [404, 964, 404] }))).toBe(false);
  });

  test('that is a silent WebSocket is idle when the app spoke last, and owed an answer when the client did', () => {
    expect(isBusy(line({ times: [30_000, 45_000, 29_990] }))).toBe(false);
    expect(isBusy(line({ times: [45_000, 30_000, 30_000] }))).toBe(true);
  });

  test('that was sent something just now may still be getting its answer', () => {
    expect(isBusy(line({ times: [299, 5000, 299] }))).toBe(true);
    expect(isBusy(line({ times: [300, 5000, 300] }))).toBe(false);
  });

  test('that has not taken all we sent, or that we have not read, is busy', () => {
    expect(isBusy(line({ unacked: 2, times: [3604, 3608, 3556] }))).toBe(true);
    expect(isBusy(line({ queues: [0, 1448], times: [3604, 3608, 3556] }))).toBe(true);
    expect(isBusy(line({ queues: [71, 0], times: [3604, 3608, 3556] }))).toBe(true);
  });

  test('that never asked anything is idle, but for its first moment', () => {
    expect(isBusy(line({ sent: 0, received: 0, times: [5000, 5000, 5000] }))).toBe(false);
    expect(isBusy(line({ sent: 0, received: 0, times: [100, 100, 100] }))).toBe(true);
  });

  describe('answered and asked again in one step of the kernel’s clock', () => {
    test('is idle when they acknowledged our answer later: then no request followed it', () => {
      expect(isBusy(line({ times: [404, 404, 360] }))).toBe(false);
    });

    test('is busy when nothing came after, for as long as a request may take', () => {
      expect(isBusy(line({ times: [416, 416, 416] }))).toBe(true);
      expect(isBusy(line({ times: [2499, 2499, 2499] }))).toBe(true);
      expect(isBusy(line({ times: [2500, 2500, 2500] }))).toBe(false);
    });
  });

  test('of which the kernel tells nothing is busy', () => {
    expect(isBusy('0 0 172.18.0.2:8000 10.110.0.2:33138')).toBe(true);
  });
});

const busyFrom = (peer: string) => line({ peer, times: [572, 568, 568] });
const sections = (inside: readonly string[], outside: readonly string[] = []) => ({
  own,
  inside: inside.join('\n'),
  outside: outside.join('\n'),
});

describe('the count', () => {
  test('tells open from busy', () => {
    expect(countConnections(sections([idle, asking, idle]), [8000])).toEqual({ open: 3, busy: 1 });
    expect(countConnections(sections([]), [8000])).toEqual({ open: 0, busy: 0 });
  });

  test('leaves out our probes: they come out of the droplet’s own sshd', () => {
    const probes = [busyFrom('172.18.0.1:53022'), busyFrom('10.110.0.5:40000')];
    const sshd = '0 0 10.110.0.5:40000 10.110.0.5:8000 users:(("sshd-session",pid=774,fd=9))';
    expect(countConnections(sections([...probes, asking], [sshd]), [8000])).toEqual({
      open: 1,
      busy: 1,
    });
  });

  test('leaves nothing out where a proxy on the droplet brings the traffic', () => {
    const nginx = '0 0 127.0.0.1:42104  127.0.0.1:8000 users:(("nginx",pid=900,fd=12))';
    const through = busyFrom('172.18.0.1:53022');
    expect(countConnections(sections([through], [nginx]), [8000])).toEqual({ open: 1, busy: 1 });
  });

  test('does not take a call to somebody else’s port 8000 for a proxy', () => {
    const away = '0 0 10.110.0.5:42104  10.110.0.77:8000 users:(("curl",pid=900,fd=12))';
    const probe = busyFrom('172.18.0.1:53022');
    expect(countConnections(sections([probe], [away]), [8000])).toEqual({ open: 0, busy: 0 });
  });

  test('leaves out health checks inside the container, and reads mapped addresses', () => {
    const inside = [
      '127.0.0.1:5000',
      '[::1]:5000',
      '[::ffff:172.18.0.1]:5000',
      '[2604:a880::1]:5000',
    ];
    expect(countConnections(sections(inside.map(busyFrom)), [8000])).toEqual({ open: 1, busy: 1 });
  });
});

describe('without ss', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid',
    '   0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000',
    '   2: 0100007F:1F40 0100007F:AB8E 06 00000000:00000000 03:00001418 00000000     0',
    '   3: 020012AC:1F40 0200 01 short',
    '   4: 020012AC:1F40 02006E0A:8172 01 00000000:00000000 00:00000000 00000000  1000',
    '   5: 020012AC:1F40 010012AC:8173 01 00000000:00000000 00:00000000 00000000  1000',
    '   6: 020012AC:2328 02006E0A:8174 01 00000000:00000000 00:00000000 00000000  1000',
    '   7: 0100007F:1F40 0100007F:8175 01 00000000:00000000 00:00000000 00000000  1000',
    '   0: 0000000000000000FFFF0000020012AC:1F40 0000000000000000FFFF000002006E0A:8176 01 0:0 0:0',
    '   1: 00000000000000000000000001000000:1F40 00000000000000000000000001000000:8177 01 0:0 0:0',
  ];

  test('every established connection to the port counts as busy; ours and the container’s own do not', () => {
    const text = table.filter((row) => !row.includes('short')).join('\n');
    expect(countConnections({ own, table: text }, [8000])).toEqual({ open: 2, busy: 2 });
    expect(countConnections({ own, table: text }, [8000, 9000])).toEqual({ open: 3, busy: 3 });
  });
});

test('the script’s output falls into its sections', () => {
  const text = `== own\n${own}\n== inside\n${idle}\n${asking}\n== outside\n== end\n`;
  expect(sectionsOf(text)).toEqual({
    own: `${own}\n`,
    inside: `${idle}\n${asking}\n`,
    outside: '',
  });
  expect(countConnections(sectionsOf(text) ?? {}, [8000])).toEqual({ open: 2, busy: 1 });
});

describe('what did not arrive whole is not taken for no connection (I5)', () => {
  test.each([
    ['nothing', ''],
    ['no end', `== inside\n${asking}\n`],
    ['a section that is there twice', `== inside\n${asking}\n== inside\n== end\n`],
    ['something before the first section', `bash: warning\n== inside\n== end\n`],
  ])('%s', (_, text) => {
    expect(sectionsOf(text)).toBe(null);
  });

  test('sections of which none lists connections', () => {
    const sections = sectionsOf(`== own\n${own}\n== outside\n== end\n`);
    expect(countConnections(sections ?? {}, [8000])).toBe(null);
  });

  test('a line that cannot be read is open and busy, in both kinds of list, wherever it seems to come from', () => {
    const inside = `0 x 172.18.0.2:8000 127.0.0.1:9 ${tail}\n`;
    expect(countConnections({ own, inside }, [8000])).toEqual({ open: 1, busy: 1 });
    const table = '  sl  local_address rem_address   st\n   0: 0000000\n';
    expect(countConnections({ own, table }, [8000])).toEqual({ open: 1, busy: 1 });
  });
});
