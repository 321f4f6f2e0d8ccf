// Bad input that any server may meet, and what it must make of it.
import { expect, test } from 'vitest';
import type { Protocol } from '@sv2kit/codec';
import type { Service } from '@sv2kit/daemon';
import { eventually, type Lab, RawPeer, type RoleHere } from '../src/index.ts';
import { channelBytes, rawFrame, setupFrame } from './frames.ts';

/** What one peer does, and what becomes of it. */
export interface Misdeed {
  readonly name: string;
  /** Sent behind the handshake, in order. */
  readonly frames: readonly Uint8Array[];
  /** All that it is told. */
  readonly hears: readonly object[];
  /** Whether what it is told beside is of no interest. */
  readonly chatty?: boolean;
  /** Why the server ends the connection; absent: it stays and is served. */
  readonly ends?: string;
}

/** A server under test, and somebody beside the bad peers who must not notice them. */
export interface Scene {
  readonly lab: Lab;
  readonly role: RoleHere<Service>;
  readonly port: number;
  readonly protocol: Protocol;
  /** The counter of ended connections. */
  readonly closedTotal: string;
  /** What a client must do soon after its set-up. */
  readonly first: Uint8Array;
  /** Something harmless that is answered. */
  readonly probe: { readonly frame: Uint8Array; readonly answer: object };
  /** Fails when the other peer is not served as before. */
  readonly bystander: () => Promise<void>;
}

const HALF_FRAME_MS = 61_000;
const HANDSHAKE_MS = 11_000;
const ACT_1 = 64;
const ACT_2 = 234;
export const SUCCESS = { type: 'SetupConnectionSuccess', usedVersion: 2 };

/** What breaks the rules of every protocol; `number` is the right one, `flags` are those that the server knows. */
export function commonMisdeeds(number: number, flags: number, wrongSide: Uint8Array): readonly Misdeed[] {
  const setup = (overrides: Parameters<typeof setupFrame>[0] = {}) => setupFrame({ protocol: number, ...overrides });
  const refused = (errorCode: string, unsupported = 0) => [
    { type: 'SetupConnectionError', errorCode, flags: unsupported },
  ];
  return [
    {
      name: 'another protocol than is served (§3.6.3)',
      frames: [setup({ protocol: 9 })],
      hears: refused('unsupported-protocol'),
      ends: 'unsupported-protocol',
    },
    {
      name: 'no version in common (§3.6.3)',
      frames: [setup({ minVersion: 3, maxVersion: 9 })],
      hears: refused('protocol-version-mismatch'),
      ends: 'protocol-version-mismatch',
    },
    {
      name: 'flags without a meaning: all that are not supported are named (§3.6.3)',
      frames: [setup({ flags: 0x8000_0000 })],
      hears: refused('unsupported-feature-flags', ~flags >>> 0),
      ends: 'unsupported-feature-flags',
    },
    {
      name: 'something else before SetupConnection (§3.6.1)',
      frames: [rawFrame({ messageType: 0x73 }, new Uint8Array(8))],
      hears: [],
      ends: 'setup-expected',
    },
    { name: 'SetupConnection twice (§3.6.1)', frames: [setup(), setup()], hears: [SUCCESS], ends: 'setup-repeated' },
    { name: 'what only a server says (§8)', frames: [setup(), wrongSide], hears: [SUCCESS], ends: 'wrong-direction' },
    {
      name: 'a core message that does not exist (§8)',
      frames: [setup(), rawFrame({ messageType: 0xee }, new Uint8Array(4))],
      hears: [SUCCESS],
      ends: 'unknown-message',
    },
    {
      name: 'a frame over the cap of its message, announced (§3.2)',
      frames: [setup(), rawFrame({ messageType: 0x00, extensionType: 1 }, new Uint8Array(), 0xff_ffff)],
      hears: [SUCCESS],
      ends: 'frame-too-large',
    },
    {
      name: 'a SetupConnection that ends before its fields do (§3.1)',
      frames: [rawFrame({ messageType: 0 }, setup().subarray(6, -3))],
      hears: [],
      ends: 'truncated',
    },
    {
      name: 'an unknown extension for this connection: discarded (§3.4.1)',
      frames: [setup(), rawFrame({ messageType: 7, extensionType: 0x4242 }, new Uint8Array(50))],
      hears: [SUCCESS],
    },
    {
      name: 'an unknown extension for a channel, which only proxies hand on (§3.4.1)',
      frames: [setup(), rawFrame({ messageType: 7, extensionType: 0x4242, channelMsg: true }, channelBytes(1))],
      hears: [SUCCESS],
    },
    {
      name: 'an unknown extension far too large (§3.4.1)',
      frames: [setup(), rawFrame({ messageType: 7, extensionType: 0x4242 }, new Uint8Array(), 0xff_ffff)],
      hears: [SUCCESS],
      ends: 'frame-too-large',
    },
  ];
}

/** A test for each misdeed. */
export function testMisdeeds(misdeeds: readonly Misdeed[], scene: () => Scene): void {
  test.each(misdeeds)('$name', async ({ frames, hears, chatty, ends }) => {
    const { port, protocol, role, closedTotal, probe, bystander } = scene();
    const before = await role.counters();
    using peer = await RawPeer.sealed(port, protocol);
    peer.send(...frames);
    if (ends === undefined) {
      peer.send(probe.frame);
      await peer.heard.first(
        'an answer after all that',
        ({ type }) => 'type' in probe.answer && type === probe.answer.type,
      );
    } else await peer.ended();
    const told = [...hears, ...(ends === undefined ? [probe.answer] : [])].map((each) => expect.objectContaining(each));
    if (chatty === true) expect(peer.heard.items).toEqual(expect.arrayContaining(told));
    else expect(peer.heard.items).toEqual(told);
    if (ends !== undefined) await counted(role, `${closedTotal}{reason="${ends}"}`, before);
    await bystander();
  });
}

/** What happens before and below messages, with nothing told in words. */
export function testSilentMisdeeds(scene: () => Scene): void {
  test.each([
    { name: 'text where a handshake should be, and nothing more', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') },
    { name: 'nothing at all', bytes: new Uint8Array() },
    { name: 'a part of act 1 and nothing more', bytes: new Uint8Array(ACT_1 - 1) },
  ])('$name: ended without a word when its time is up', async ({ bytes }) => {
    const { lab, port, role, closedTotal, bystander } = scene();
    const before = await role.counters();
    using peer = await RawPeer.plain(port);
    peer.write(bytes);
    await lab.clock.until(HANDSHAKE_MS, peer.ended());
    expect(peer.plainBytes).toBe(0);
    await counted(role, `${closedTotal}{reason="handshake-timeout"}`, before);
    await bystander();
  });

  test.each([
    { name: 'more than act 1 at once', at: [new Uint8Array(ACT_1 + 1)], heard: 0, ends: 'data-during-handshake' },
    {
      name: 'garbage that could be act 1, then more of it',
      at: [new Uint8Array(ACT_1).fill(0xa5), new Uint8Array(500).fill(0x5a)],
      heard: ACT_2,
      ends: 'bad-mac',
    },
  ])('$name: ended without a word', async ({ at, heard, ends }) => {
    const { port, role, closedTotal, bystander } = scene();
    const before = await role.counters();
    using peer = await RawPeer.plain(port);
    for (const bytes of at) {
      peer.write(bytes);
      if (heard > 0) await peer.heardBytes(heard);
    }
    await peer.ended();
    expect(peer.plainBytes).toBe(heard);
    await counted(role, `${closedTotal}{reason="${ends}"}`, before);
    await bystander();
  });

  test('a MAC that is wrong: ended at once, whatever was said before (§4.6)', async () => {
    const { port, protocol, role, closedTotal, bystander } = scene();
    const before = await role.counters();
    using peer = await RawPeer.sealed(port, protocol);
    const sealed = peer.seal(setupFrame({ protocol: protocol.number }));
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    peer.write(sealed);
    await peer.ended();
    expect(peer.heard.items).toEqual([]);
    await counted(role, `${closedTotal}{reason="bad-mac"}`, before);
    await bystander();
  });

  test('half a frame and nothing more: ended without a word when its time is up', async () => {
    const { lab, port, protocol, role, closedTotal, first, probe, bystander } = scene();
    const before = await role.counters();
    using peer = await RawPeer.sealed(port, protocol);
    peer.send(setupFrame({ protocol: protocol.number }), first, probe.frame);
    await peer.heard.first('the answer', ({ type }) => 'type' in probe.answer && type === probe.answer.type);
    const sealed = peer.seal(probe.frame);
    peer.write(sealed.subarray(0, sealed.length - 1));
    await lab.clock.until(HALF_FRAME_MS, peer.ended());
    await counted(role, `${closedTotal}{reason="half-frame-timeout"}`, before);
    await bystander();
  });
}

/** The counter goes up by one, and stays there. */
async function counted(role: RoleHere<Service>, series: string, before: Record<string, number>): Promise<void> {
  let after: number | undefined;
  const wanted = (before[series] ?? 0) + 1;
  const look = async (): Promise<boolean | undefined> => {
    after = (await role.counters())[series];
    return after === wanted ? true : undefined;
  };
  await eventually(`${series} to be ${wanted}`, look, () => `it is ${after}`);
}
