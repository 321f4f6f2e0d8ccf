import { mining } from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import { DEFAULT_LIMITS, listen, serve } from '@sv2kit/net';
import { USUAL_VERSION_MASK } from '@sv2kit/sv1';
import { describe, expect, test } from 'vitest';
import { selfSigned } from '../../net/test/certificates.ts';
import { createMixedUpstream, DEFAULT_POLICY } from '../src/index.ts';
import { DIFFICULTY, NOTIFY, v1Pool, v1Upstream } from './v1-pool.ts';

async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((resolve) => setImmediate(resolve));
}
const turns = async (clock: VirtualClock) => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await clock.advanceAsync(0);
};
const refusal = (message: string) => [{ result: null, error: [24, message, null] }];

describe('a Stratum V1 pool', () => {
  test('is connected once it has let us in; what it said before comes after that, in order', async () => {
    const clock = new VirtualClock();
    await using pool = await v1Pool(clock);
    const { upstream, story, events, pools } = v1Upstream(clock, [pool.endpoint()]);
    expect(upstream.state.kind).toBe('connecting');
    await until(() => upstream.state.kind === 'connected' && events.length === 3);
    expect(story).toEqual(['+pool']);
    const job = {
      notify: { jobId: 'early' },
      extranonce1: Uint8Array.of(0xde, 0xad, 0xbe, 0xef),
      extranonce2Size: 8,
      difficulty: 512,
      versionMask: USUAL_VERSION_MASK,
    };
    expect(events).toMatchObject([
      { type: 'ready', subscription: { extranonce2Size: 8 }, versionMask: USUAL_VERSION_MASK },
      { type: 'difficulty', difficulty: 512 },
      { type: 'job', job },
    ]);
    pool.guests[0]?.say(NOTIFY('next'));
    await until(() => events.length === 4);
    const share = { extranonce2: new Uint8Array(8), ntime: 1, nonce: 2, version: 0x20000000 };
    const ticket = pools[0]?.session.submit('next', share, USUAL_VERSION_MASK);
    pools[0]?.flushSoon();
    await until(() => events.length === 5);
    expect(events.at(-1)).toEqual({ type: 'verdict', ticket, verdict: { kind: 'accepted' } });
    await upstream.close();
    expect(story).toEqual(['+pool', '-pool closed']);
    expect(upstream.state.kind).toBe('closed');
  });

  test('an early job that came before the mask was settled has the mask all the same', async () => {
    const clock = new VirtualClock();
    const mask = { result: { 'version-rolling': true, 'version-rolling.mask': '1fffe000' } };
    await using pool = await v1Pool(clock, {
      'mining.configure': 'silence',
      'mining.subscribe': [{ result: [[], 'deadbeef', 8] }, NOTIFY('early'), { id: 1, ...mask }],
    });
    const { upstream, events } = v1Upstream(clock, [pool.endpoint()]);
    await until(() => events.length === 2);
    expect(events[1]).toMatchObject({ job: { versionMask: USUAL_VERSION_MASK } });
    await upstream.close();
  });

  test.each([
    ['refuses the subscription', { 'mining.subscribe': refusal('Go away') }, /denied \(subscribe\): Go away/],
    ['refuses the user', { 'mining.authorize': refusal('Who is alice?') }, /denied \(authorise\): Who is alice\?/],
  ])('that %s is left for the next, and its words are in the log', async (_what, answers, words) => {
    const clock = new VirtualClock();
    await using bad = await v1Pool(clock, answers);
    await using good = await v1Pool(clock);
    const ends = [bad.endpoint({ name: 'bad' }), good.endpoint({ name: 'good' })];
    const { upstream, story, warnings } = v1Upstream(clock, ends);
    await until(() => upstream.state.kind === 'connected' && bad.listener.connections === 0);
    expect(story).toEqual(['+good']);
    expect(upstream.health).toEqual({ ok: true, reason: 'on backup good' });
    expect(warnings).toMatchObject([{ endpoint: 'bad', reason: expect.stringMatching(words) }]);
    await upstream.close();
  });

  test.each([
    ['accepts and says nothing', { 'mining.configure': 'silence', 'mining.subscribe': 'silence' }],
    ['never answers authorize', { 'mining.authorize': 'silence' }],
  ] as const)('that %s is left when its time is up (limits.setupMs)', async (_what, answers) => {
    const clock = new VirtualClock();
    await using bad = await v1Pool(clock, answers);
    await using good = await v1Pool(clock);
    const { upstream, story, warnings } = v1Upstream(clock, [bad.endpoint(), good.endpoint({ name: 'good' })]);
    await until(() => bad.guests[0]?.asked.some(({ method }) => method === 'mining.subscribe') === true);
    await turns(clock);
    await clock.advanceAsync(DEFAULT_LIMITS.setupMs + 1_000);
    await until(() => upstream.state.kind === 'connected');
    expect(story).toEqual(['+good']);
    expect(warnings).toMatchObject([{ reason: expect.stringContaining('setup-timeout') }]);
    await upstream.close();
  });

  test.each([
    ['talks nonsense', Buffer.from('hello\nhello\nhello\nhello\n'), 'too-many-malformed-lines'],
    ['never ends a line', Buffer.alloc(300_000, 32), 'line-too-long'],
    ['closes at once', undefined, 'peer-closed'],
  ])('that %s is left, with the reason', async (_what, said, reason) => {
    const clock = new VirtualClock();
    await using bad = await v1Pool(
      clock,
      {},
      {
        accept: (connection) => {
          const out = said === undefined ? [] : [said];
          if (said === undefined) connection.end('done');
          return { receive() {}, drain: () => out.pop(), onClose() {} };
        },
      },
    );
    const { upstream, story, warnings } = v1Upstream(clock, [bad.endpoint()]);
    await until(() => upstream.state.kind === 'waiting');
    expect(story).toEqual([]);
    expect(warnings).toMatchObject([{ reason: expect.stringContaining(reason) }]);
    await upstream.close();
  });

  test('that is lost is replaced by the backup, and returned to when it is back', async () => {
    const clock = new VirtualClock();
    const primary = await v1Pool(clock);
    await using backup = await v1Pool(clock);
    const ends = [primary.endpoint({ name: 'primary' }), backup.endpoint({ name: 'backup' })];
    const { upstream, story } = v1Upstream(clock, ends);
    await until(() => upstream.state.kind === 'connected');
    await clock.advanceAsync(DEFAULT_POLICY.stableMs);
    await primary.listener.close();
    await until(() => upstream.state.kind === 'waiting');
    await clock.advanceAsync(DEFAULT_POLICY.backoffMs);
    await until(() => upstream.state.kind === 'connected');
    await using again = await v1Pool(clock, {}, { port: primary.listener.port });
    await clock.advanceAsync(DEFAULT_POLICY.probeMs);
    await until(() => again.guests.length === 1 && backup.listener.connections === 0);
    expect(story).toEqual(['+primary', '-primary peer-closed', '+backup', '-backup replaced', '+primary']);
    await upstream.close();
  });

  test('is spoken to by TLS where the endpoint says so', async () => {
    const clock = new VirtualClock();
    const tls = selfSigned();
    await using pool = await v1Pool(clock, {}, { tls });
    const ends = [
      pool.endpoint({ name: 'untrusted', tls: true }),
      pool.endpoint({ name: 'known', tls: { ca: tls.cert } }),
    ];
    const { upstream, story, pools, warnings } = v1Upstream(clock, ends);
    await until(() => upstream.state.kind === 'connected');
    expect([story, pools[0]?.encrypted, pools[0]?.remote.address]).toEqual([['+known'], true, '127.0.0.1']);
    expect(warnings).toMatchObject([{ endpoint: 'untrusted' }]);
    await upstream.close();
  });

  test('ends with last words; silence is a loss where the policy says so', async () => {
    const clock = new VirtualClock();
    await using pool = await v1Pool(clock);
    const { upstream, story, pools } = v1Upstream(clock, [pool.endpoint()], { policy: { silenceMs: 120_000 } });
    await until(() => upstream.state.kind === 'connected');
    await clock.advanceAsync(125_000);
    await until(() => story.length === 2);
    expect(story).toEqual(['+pool', '-pool silent']);
    await clock.advanceAsync(DEFAULT_POLICY.backoffMs);
    await until(() => pools.length === 2);
    pools[1]?.session.ping();
    pools[1]?.end('enough');
    await until(() => story.length === 4);
    expect(story.at(-1)).toBe('-pool enough');
    expect(pool.guests[1]?.asked.at(-1)?.method).toBe('mining.ping');
    await upstream.close();
  });
});

describe('client.reconnect', () => {
  const reconnect = (...params: readonly unknown[]) => ({ id: null, method: 'client.reconnect', params });

  test('leads to another port of the same host, after the time the pool wants; the old one serves meanwhile', async () => {
    const clock = new VirtualClock();
    await using old = await v1Pool(clock);
    await using moved = await v1Pool(clock);
    const { upstream, story, events } = v1Upstream(clock, [old.endpoint()]);
    await until(() => upstream.state.kind === 'connected' && old.guests.length === 1);
    old.guests[0]?.say(reconnect('127.0.0.1', moved.listener.port, 5), NOTIFY('still'));
    await until(() => events.some((event) => event.type === 'job' && event.job.notify.jobId === 'still'));
    await clock.advanceAsync(4_000);
    expect(moved.listener.connections).toBe(0);
    await clock.advanceAsync(1_000);
    await until(() => moved.guests.length === 1 && old.listener.connections === 0);
    expect(story).toEqual(['+pool', '-pool replaced', '+pool']);
    expect(events.some(({ type }) => type === 'reconnect')).toBe(false);
    await upstream.close();
  });

  test('is obeyed although it came before we were let in', async () => {
    const clock = new VirtualClock();
    await using moved = await v1Pool(clock);
    const { port } = moved.listener;
    await using old = await v1Pool(clock, {
      'mining.subscribe': [{ result: [[], 'deadbeef', 8] }, reconnect('', port, 0), DIFFICULTY(1)],
    });
    const { upstream, story } = v1Upstream(clock, [old.endpoint()]);
    await until(() => moved.guests.length === 1 && old.listener.connections === 0);
    await until(() => upstream.state.kind === 'connected');
    expect(story).toEqual(['+pool', '-pool replaced', '+pool']);
    await upstream.close();
  });

  test('is obeyed although the pool closes while we wait', async () => {
    const clock = new VirtualClock();
    await using old = await v1Pool(clock);
    await using moved = await v1Pool(clock);
    const { upstream, story } = v1Upstream(clock, [old.endpoint()]);
    await until(() => upstream.state.kind === 'connected' && old.guests.length === 1);
    old.guests[0]?.say(reconnect('', moved.listener.port, 5));
    old.guests[0]?.connection.end('moved');
    await until(() => upstream.state.kind === 'connecting');
    await clock.advanceAsync(5_000);
    await until(() => upstream.state.kind === 'connected');
    expect([story, moved.guests.length]).toEqual([['+pool', '-pool peer-closed', '+pool'], 1]);
    await upstream.close();
  });

  test('to another host is not obeyed, unless the operator has listed it', async () => {
    const clock = new VirtualClock();
    await using pool = await v1Pool(clock);
    await using other = await v1Pool(clock);
    const { port } = other.listener;
    const { upstream, events } = v1Upstream(clock, [pool.endpoint()]);
    await until(() => upstream.state.kind === 'connected' && pool.guests.length === 1);
    pool.guests[0]?.say(reconnect('localhost', port, 0));
    await until(() => events.some(({ type }) => type === 'reconnect-refused'));
    expect(other.listener.connections).toBe(0);
    await upstream.close();
    const free = v1Upstream(clock, [pool.endpoint()], { reconnectHosts: ['localhost'] });
    await until(() => free.upstream.state.kind === 'connected' && pool.guests.length === 2);
    pool.guests[1]?.say(reconnect('localhost', port, 0));
    await until(() => other.guests.length === 1 && free.story.length === 3);
    await free.upstream.close();
  });

  test('that is waited for ends with the upstream', async () => {
    const clock = new VirtualClock();
    await using pool = await v1Pool(clock);
    const { upstream } = v1Upstream(clock, [pool.endpoint()]);
    await until(() => upstream.state.kind === 'connected' && pool.guests.length === 1);
    pool.guests[0]?.say(reconnect('127.0.0.1', pool.listener.port, 600));
    await turns(clock);
    await upstream.close();
    await clock.advanceAsync(700_000);
    expect(pool.guests).toHaveLength(1);
  });

  test('asks for no longer wait than the policy allows', async () => {
    const clock = new VirtualClock();
    await using pool = await v1Pool(clock);
    const { upstream, story } = v1Upstream(clock, [pool.endpoint()], { policy: { maxRedirectWaitMs: 2_000 } });
    await until(() => upstream.state.kind === 'connected' && pool.guests.length === 1);
    pool.guests[0]?.say(reconnect('127.0.0.1', pool.listener.port, 1e6));
    await turns(clock);
    await clock.advanceAsync(2_000);
    await until(() => story.length === 3);
    await upstream.close();
  });
});

test('a list may mix Stratum V2 servers and V1 pools; each is served by what is for it', async () => {
  const clock = new VirtualClock();
  const story: string[] = [];
  const silent = { onMessage() {}, onClose: () => story.push('-v2') };
  const accept = () => ({ kind: 'accept', handler: { onMessage() {}, onClose() {} } }) as const;
  await using pool = await v1Pool(clock);
  const server = await listen({ host: '127.0.0.1', port: 0, clock, services: [serve(mining, { accept })] });
  const upstream = createMixedUpstream({
    endpoints: [{ name: 'v2', host: '127.0.0.1', port: server.port }, pool.endpoint({ name: 'v1' })],
    clock,
    random: () => 0,
    v2: {
      protocol: mining,
      security: 'plain',
      handler(_, { name = '' }) {
        story.push(`+${name}`);
        return silent;
      },
    },
    v1: {
      session: ({ host, port }) => ({ host, port, userAgent: '', username: 'a', password: '', versionMask: 0 }),
      handler(_, { name = '' }) {
        story.push(`+${name}`);
        return { onEvent() {}, onClose: () => story.push('-v1') };
      },
    },
  });
  await until(() => upstream.state.kind === 'connected');
  await server.close();
  await until(() => upstream.state.kind === 'connected' && upstream.state.endpoint.name === 'v1');
  await upstream.close();
  expect(story).toEqual(['+v2', '-v2', '+v1', '-v1']);
});
