import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainAddress } from '../src/addresses.ts';
import { Admission } from '../src/admission.ts';
import {
  CONNECT_ERRORS,
  ConnectError,
  DEFAULT_LIMITS,
  type Limits,
  NET_CLOSE_REASONS,
  REFUSALS,
} from '../src/index.ts';
import { silentLogger } from '../src/ports.ts';
import { RefusalLog } from '../src/refusal-log.ts';
import { Watch } from '../src/watch.ts';
import { stage, until } from './peers.ts';

const admission = (limits: Partial<Limits>) => new Admission({ ...DEFAULT_LIMITS, exempt: [], ...limits });
const NOW = 1_700_000_000_000;

describe('whom a listener turns away', () => {
  test('is said once a minute for each address and limit, and of a few addresses only', () => {
    const lines: string[] = [];
    const info = (message: string, fields = {}) => void lines.push(`${message} ${Object.values(fields).join(' ')}`);
    const refusals = new RefusalLog({ ...silentLogger, info });
    for (let i = 0; i < 100; i += 1) refusals.note('10.0.0.1', 'not-allowed', NOW + i * 500);
    refusals.note('2001:db8:1:2::1', 'not-allowed', NOW);
    refusals.note('2001:db8:1:2::2', 'not-allowed', NOW);
    refusals.note('10.0.0.1', 'connections', NOW);
    expect(lines.splice(0)).toEqual([
      'connections refused 10.0.0.1 not-allowed',
      'connections refused 2001:db8:1:2::1 not-allowed',
      'connections refused 10.0.0.1 connections',
    ]);
    for (let i = 0; i < 200; i += 1) refusals.note(`10.0.1.${i}`, 'not-allowed', NOW);
    expect(lines.splice(0)).toHaveLength(17);
    refusals.note('10.0.0.1', 'not-allowed', NOW + 60_000);
    expect(lines).toHaveLength(1);
  });

  test('hears the same sentence each time, wherever the reset finds it', async () => {
    await using at = await stage({ limits: { allow: ['10.0.0.0/8'] } });
    for (let i = 0; i < 20; i += 1) {
      await expect(at.client()).rejects.toThrow(/^the server closes the connection at once: does it let this address/);
    }
    for (const code of ['ECONNRESET', 'EPIPE', 'ECONNABORTED']) {
      const error = Object.assign(new Error(`write ${code}`), { code });
      expect(new ConnectError({ code: 'socket-error', error })).toMatchObject({
        code: 'socket-error',
        message: expect.stringContaining('at once') as string,
        cause: error,
      });
    }
    const error = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:1'), { code: 'ECONNREFUSED' });
    expect(new ConnectError({ code: 'socket-error', error }).message).toBe(error.message);
  });
});

describe('admission (LIMITS)', () => {
  test('counts connections in all, and makes room when one leaves', () => {
    const door = admission({ connections: 2 });
    expect(door.enter('10.0.0.1', NOW)).toBeUndefined();
    expect(door.enter('10.0.0.2', NOW)).toBeUndefined();
    expect(door.enter('10.0.0.3', NOW)).toBe('connections');
    door.leaveHandshake();
    door.leave('10.0.0.1');
    expect(door.enter('10.0.0.3', NOW)).toBeUndefined();
    expect(door).toHaveProperty('connections', 2);
  });

  test.each([
    ['an IPv4 address', '10.0.0.1', '10.0.0.1', '10.0.0.2'],
    ['an IPv6 /64', '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1'],
    ['an IPv6 /64 with zeros', 'fe80::1%eth0', 'fe80:0:0:0:1::', 'fe80:0:0:1::'],
  ])('counts %s as one address', (_what, first, same, other) => {
    const door = admission({ connectionsPerAddress: 1 });
    expect(door.enter(first, NOW)).toBeUndefined();
    expect(door.enter(same, NOW)).toBe('connections-per-address');
    expect(door.enter(other, NOW)).toBeUndefined();
    door.leave(first);
    expect(door.enter(same, NOW)).toBeUndefined();
  });

  test('does not count exempt addresses and subnets, but counts them in all', () => {
    const door = admission({ connectionsPerAddress: 0, connections: 2, exempt: ['10.1.0.0/16', '::1'] });
    expect(door.enter('10.2.0.1', NOW)).toBe('connections-per-address');
    expect(door.enter('10.1.2.3', NOW)).toBeUndefined();
    expect(door.enter('::1', NOW)).toBeUndefined();
    expect(door.enter('::1', NOW)).toBe('connections');
  });

  test('lets in nobody but the allowed, who are limited as others are', () => {
    const door = admission({ allow: ['10.1.0.0/16', '2001:db8::/32'], exempt: ['10.9.9.9'], connectionsPerAddress: 1 });
    expect(door.enter('10.2.0.1', NOW)).toBe('not-allowed');
    expect(door.enter('10.9.9.9', NOW)).toBe('not-allowed'); // exempt from limits only
    expect(door.connections).toBe(0);
    expect(door.enter('10.1.2.3', NOW)).toBeUndefined();
    expect(door.enter('10.1.2.3', NOW)).toBe('connections-per-address');
    expect(door.enter('2001:db8::7', NOW)).toBeUndefined();
    expect(door.enter('2001:db9::7', NOW)).toBe('not-allowed');
  });

  test('an exempt address does not exempt its /64, nor does the /64 hold it back', () => {
    const door = admission({ connectionsPerAddress: 1, exempt: ['2001:db8::1'] });
    for (let i = 0; i < 3; i += 1) expect(door.enter('2001:db8::1', NOW)).toBeUndefined();
    expect(door.enter('2001:db8::2', NOW)).toBeUndefined();
    expect(door.enter('2001:db8::3', NOW)).toBe('connections-per-address');
    expect(door.enter('2001:db8::1', NOW)).toBeUndefined();
    for (let i = 0; i < 4; i += 1) door.leave('2001:db8::1');
    expect(door.enter('2001:db8::3', NOW)).toBe('connections-per-address');
    door.leave('2001:db8::2');
    expect(door.enter('2001:db8::3', NOW)).toBeUndefined();
  });

  test('accepts a second of burst, then a steady rate', () => {
    const door = admission({ acceptsPerSecond: 10 });
    const accepted = (now: number) =>
      Array.from({ length: 50 }, () => door.enter('10.0.0.1', now)).indexOf('accept-rate');
    expect(accepted(NOW)).toBe(10);
    expect(accepted(NOW + 500)).toBe(5);
    expect(accepted(NOW + 60_000)).toBe(10);
    expect(accepted(NOW)).toBe(0);
  });

  test('one address that comes and goes does not take the whole rate', () => {
    const door = admission({ acceptsPerSecond: 10, acceptsPerSecondPerAddress: 4 });
    const knock = (address: string, now: number) => {
      const refusal = door.enter(address, now);
      if (refusal === undefined) {
        door.leaveHandshake();
        door.leave(address);
      }
      return refusal;
    };
    for (const second of [0, 1, 2]) {
      const now = NOW + second * 1_000;
      const attacker = Array.from({ length: 50 }, () => knock('10.0.0.1', now));
      expect(attacker.filter((refusal) => refusal === undefined)).toHaveLength(4);
      expect(attacker.at(-1)).toBe('accept-rate-per-address');
      expect(knock('10.0.0.2', now)).toBeUndefined();
    }
  });

  test('bounds the connections that are not set up yet', () => {
    const door = admission({ handshakes: 1 });
    expect(door.enter('10.0.0.1', NOW)).toBeUndefined();
    expect(door.enter('10.0.0.2', NOW)).toBe('handshakes');
    door.leaveHandshake();
    expect(door.enter('10.0.0.2', NOW)).toBeUndefined();
  });

  test('forgets every address that has left', () => {
    const addresses = fc.array(fc.ipV4(), { maxLength: 20 });
    fc.assert(
      fc.property(addresses, (all) => {
        const door = admission({ connectionsPerAddress: 3 });
        const inside = all.filter((address) => door.enter(address, NOW) === undefined);
        for (const address of inside) door.leave(address);
        for (let i = 0; i < inside.length; i += 1) door.leaveHandshake();
        expect([door.connections, door.handshakes]).toEqual([0, 0]);
      }),
    );
    expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
  });
});

describe('limits on a real listener', () => {
  test('a connection too many is reset and counted; the others stay', async () => {
    await using scene = await stage({ limits: { connections: 1 } });
    const first = await scene.client();
    await expect(scene.client()).rejects.toThrow();
    expect(scene.counts.counts).toMatchObject({ accepted: 1, 'refused connections': 1 });
    expect(first.reason).toBeUndefined();
    first.connection.end('done');
    await until(() => scene.listener.connections === 0);
    await scene.client();
  });

  test('silent peers cannot hold the door for longer than limits.setupMs', async () => {
    await using scene = await stage({ limits: { handshakes: 2 } });
    await scene.raw();
    await scene.raw();
    await until(() => scene.listener.handshakes === 2);
    await expect(scene.client()).rejects.toThrow();
    scene.clock.advance(11_000);
    await until(() => scene.listener.handshakes === 0);
    await scene.client();
    expect(scene.counts.counts).toMatchObject({ 'refused handshakes': 1, 'closed setup-timeout': 2 });
  });
});

describe('the watch over one connection', () => {
  const quiet = { chunks: 0, frames: 0, asides: 0, midFrame: false, bytesTaken: 0, congested: false };

  test('progress inside the frame that has begun is a finished frame, nothing less', () => {
    const watch = new Watch({ ...DEFAULT_LIMITS, halfFrameMs: 10 }, NOW);
    const stuck = { ...quiet, midFrame: true };
    expect(watch.judge(NOW + 5, stuck)).toBeUndefined();
    expect(watch.judge(NOW + 9, { ...stuck, chunks: 3, frames: 1 })).toBeUndefined();
    expect(watch.judge(NOW + 18, { ...stuck, chunks: 9, frames: 1 })).toBeUndefined();
    expect(watch.judge(NOW + 19, { ...stuck, chunks: 9, frames: 1 })).toBe('half-frame-timeout');
  });

  test('progress of a slow reader is bytes that the operating system took', () => {
    const watch = new Watch({ ...DEFAULT_LIMITS, drainMs: 10 }, NOW);
    expect(watch.judge(NOW + 5, { ...quiet, congested: true })).toBeUndefined();
    expect(watch.judge(NOW + 9, { ...quiet, congested: true, bytesTaken: 1 })).toBeUndefined();
    expect(watch.judge(NOW + 19, { ...quiet, congested: true, bytesTaken: 1 })).toBe('slow-reader');
    expect(watch.judge(NOW + 20, { ...quiet, bytesTaken: 1 })).toBeUndefined();
  });

  test('asides are held to a rate, however late the sweep comes', () => {
    const watch = new Watch({ ...DEFAULT_LIMITS, asidesPerSecond: 10 }, NOW);
    expect(watch.judge(NOW + 1, { ...quiet, asides: 10 })).toBeUndefined();
    expect(watch.judge(NOW + 3_001, { ...quiet, asides: 40 })).toBeUndefined();
    expect(watch.judge(NOW + 4_001, { ...quiet, asides: 51 })).toBe('aside-flood');
    const unlimited = new Watch({ ...DEFAULT_LIMITS, asidesPerSecond: 0 }, NOW);
    expect(unlimited.judge(NOW + 1, { ...quiet, asides: 1e6 })).toBeUndefined();
  });

  test('a deadline that was met is forgotten, another is not', () => {
    const watch = new Watch(DEFAULT_LIMITS, NOW);
    watch.expectWithin(10, 'unused', NOW);
    watch.met('silent');
    expect(watch.judge(NOW + 10, quiet)).toBe('unused');
    watch.met('unused');
    expect(watch.judge(NOW + 99, quiet)).toBeUndefined();
    watch.expectWithin(0, 'unused', NOW);
    expect(watch.overdue(Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  test('a limit of 0 is switched off', () => {
    const watch = new Watch({ ...DEFAULT_LIMITS, halfFrameMs: 0, drainMs: 0 }, NOW);
    expect(watch.judge(NOW + 1e9, { ...quiet, midFrame: true, congested: true })).toBeUndefined();
  });

  test('every reason is explained', () => {
    const texts = [NET_CLOSE_REASONS, CONNECT_ERRORS, REFUSALS].flatMap((table) => Object.values(table));
    for (const text of texts) expect(text).toMatch(/\.$/);
  });
});

describe('a client that cannot connect', () => {
  test('says why: nobody listens, no answer to TCP, aborted, no handshake', async () => {
    await using scene = await stage();
    const code = (code: string) => expect.objectContaining({ code });
    await expect(scene.client({ host: '127.0.0.1', port: 1 })).rejects.toEqual(code('socket-error'));
    const aborting = new AbortController();
    const aborted = scene.client({ signal: aborting.signal, security: 'noise' });
    aborting.abort();
    await expect(aborted).rejects.toEqual(code('aborted'));
    await expect(scene.client({ signal: aborting.signal })).rejects.toThrow();
    // A Noise client at a plain server: act 1 is no SetupConnection.
    await expect(scene.client({ security: 'noise' })).rejects.toEqual(code('peer-closed'));
  });

  test('gives up on a server that never answers (limits.handshakeMs)', async () => {
    await using scene = await stage({ limits: { setupMs: 0 } });
    await using mute = await stage({ secure: true, handshakes: { waiting: 0, respond() {}, close: async () => {} } });
    const waiting = scene.client({ port: mute.listener.port, security: 'noise' });
    const given = expect(waiting).rejects.toMatchObject({ code: 'handshake-timeout' });
    await until(() => mute.listener.handshakes === 1 && scene.clock.pending === 1);
    scene.clock.advance(12_000);
    await given;
  });

  test.each([false, true])(
    'has nothing left when its own SetupConnection cannot be encoded (secure: %s)',
    async (secure) => {
      await using scene = await stage({ secure });
      await expect(scene.client({ setup: { vendor: 'x'.repeat(256) } })).rejects.toThrow('value-out-of-range');
      await until(() => scene.listener.connections === 0);
      expect(() => scene.clock.advance(2_000)).not.toThrow();
      expect(scene.clock.pending).toBe(0);
    },
  );

  test('an established connection ends when its signal aborts', async () => {
    await using scene = await stage();
    const aborting = new AbortController();
    const client = await scene.client({ signal: aborting.signal });
    aborting.abort();
    expect(await client.closed).toEqual({ code: 'aborted' });
  });
});
