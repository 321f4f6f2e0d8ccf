import { VirtualClock } from '@sv2kit/daemon';
import { ConnectError, type ConnectWireOptions, type Wire, type WireConnection } from '@sv2kit/net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createV1Upstream, DEFAULT_POLICY, type UpstreamState, type V1Endpoint } from '../src/index.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const ENDS: readonly V1Endpoint[] = ['a', 'b', 'c'].map((host, i) => ({ host, port: i + 1, tls: false }));
const LETS_IN = utf8('{"id":1,"result":[[],"cafe",8]}\n{"id":2,"result":true}\n');
const DENIES = utf8('{"id":1,"result":null,"error":[24,"no",null]}\n');

/** A connection whose other end is the test. */
class FakeWire implements WireConnection {
  readonly id = 1;
  readonly remote = { address: '192.0.2.1', port: 1 };
  readonly encrypted = false;
  readonly congested = false;
  readonly queuedBytes = 0;
  wire!: Wire;
  ended: string | undefined;
  isClosed = false;

  flushSoon(): void {}
  flush(): void {}
  markReady(): void {}
  markInUse(): void {}
  end(reason: string): void {
    this.ended ??= reason;
  }
  destroy(reason: string): void {
    this.end(reason);
  }
  hear(bytes: Uint8Array): void {
    if (this.ended === undefined) this.wire.receive(bytes);
  }
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.wire.onClose({ code: this.ended ?? 'peer-closed' });
  }
}

class World {
  readonly clock = new VirtualClock();
  readonly wires: FakeWire[] = [];
  /** Tries of TCP that nobody has answered. */
  readonly tries: { open(): void; fail(): void }[] = [];
  held = 0;
  readonly upstream;

  constructor(endpoints: number, random: number) {
    this.upstream = createV1Upstream({
      endpoints: ENDS.slice(0, endpoints),
      clock: this.clock,
      random: () => random,
      session: ({ host, port }) => ({ host, port, userAgent: '', username: 'a', password: '', versionMask: 0 }),
      handler: () => {
        this.held += 1;
        return { onEvent() {}, onClose: () => void (this.held -= 1) };
      },
      connect: (options) => this.#connect(options),
    });
  }

  get state(): UpstreamState<V1Endpoint> {
    return this.upstream.state;
  }

  /** The connections that nobody on our side has taken leave of. */
  get live(): readonly FakeWire[] {
    return this.wires.filter(({ ended, isClosed }) => ended === undefined && !isClosed);
  }

  async settle(): Promise<void> {
    await this.clock.advanceAsync(0);
  }

  #connect({ signal, handler }: ConnectWireOptions): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const settled = () => void this.tries.splice(this.tries.indexOf(open), 1);
    const open = {
      open: () => {
        settled();
        const wire = new FakeWire();
        this.wires.push(wire);
        wire.wire = handler(wire);
        resolve(wire);
        signal?.addEventListener('abort', () => wire.end('aborted'));
      },
      fail: () => {
        settled();
        reject(new ConnectError({ code: 'connect-timeout' }));
      },
    };
    signal?.addEventListener('abort', () => this.tries.includes(open) && open.fail());
    this.tries.push(open);
    return promise;
  }
}

type Step = { readonly do: string; readonly pick: number; readonly ms: number };
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'open',
    'open',
    'let in',
    'let in',
    'let in',
    'fail',
    'deny',
    'lose',
    'close late',
    'redirect',
    'give up',
    'pass',
  ),
  pick: fc.nat(2),
  ms: fc.nat(120_000),
});

async function take(world: World, { do: what, pick, ms }: Step): Promise<void> {
  const wire = world.live[pick % Math.max(1, world.live.length)];
  if (what === 'open') world.tries[0]?.open();
  else if (what === 'fail') world.tries[0]?.fail();
  else if (what === 'let in') wire?.hear(LETS_IN);
  else if (what === 'deny') wire?.hear(DENIES);
  else if (what === 'lose') wire?.close();
  else if (what === 'close late') for (const each of world.wires) if (each.ended !== undefined) each.close();
  if (what === 'redirect') {
    wire?.hear(utf8(`{"id":null,"method":"client.reconnect","params":["",${pick + 1},${Math.floor(ms / 2_000)}]}\n`));
  } else if (what === 'give up') world.upstream.giveUp('useless');
  await (what === 'pass' ? world.clock.advanceAsync(ms) : world.settle());
}

/** What holds whatever has happened. */
function check(world: World): void {
  const { state, held, live, tries } = world;
  expect(tries.length + live.length).toBeLessThanOrEqual(2);
  expect(held).toBe(state.kind === 'connected' ? 1 : 0);
  if (state.kind === 'connected') expect(live.length).toBeGreaterThan(0);
  if (state.kind === 'waiting') expect([live.length, tries.length, world.clock.pending]).toEqual([0, 0, 1]);
  expect(state.kind).not.toBe('closed');
}

test('Stratum V1: one pool at most, one try at most; and when all are well again, the primary', async () => {
  const scenario = fc.record({
    endpoints: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(step, { maxLength: 60 }),
    random: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ endpoints, steps, random }) => {
      const world = new World(endpoints, random);
      for (const each of steps) {
        await take(world, each);
        check(world);
      }
      const { maxBenchMs, probeMs } = DEFAULT_POLICY;
      for (let passed = 0; passed <= maxBenchMs + 2 * probeMs; passed += probeMs / 2) {
        for (let turn = 0; turn < 3; turn += 1) {
          world.tries[0]?.open();
          for (const wire of world.live) wire.hear(LETS_IN);
          await world.settle();
        }
        await world.clock.advanceAsync(probeMs / 2);
        check(world);
      }
      expect(world.state).toMatchObject({ kind: 'connected', primary: true });
      const closed = world.upstream.close();
      for (const wire of world.wires) wire.close();
      await closed;
      expect([world.tries.length, world.clock.pending, world.held, world.live.length]).toEqual([0, 0, 0, 0]);
    }),
    { numRuns: 150 },
  );
});
