import { availableParallelism } from 'node:os';
import { BIP323_MASK, fromDisplayHash, MAX_TARGET } from '@sv2kit/bitcoin';
import {
  anyStratumUrl,
  type ConfigOf,
  choice,
  config,
  integer,
  number,
  optional,
  required,
  section,
  sections,
  text,
  texts,
} from '@sv2kit/daemon';

const UPSTREAM = 'stratum2+tcp://127.0.0.1:3336/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const TARGET = '00000000ffff0000000000000000000000000000000000000000000000000000';
const MAX_TEXT = 255;

/** Everything an operator can set. */
export const miningDeviceConfig = config({
  upstreams: sections(
    'Mining servers (pools, proxies) of either version, the preferred one first: the device goes back to it when it returns.',
    {
      url: required(
        anyStratumUrl(
          UPSTREAM,
          'stratum2+tcp://HOST:PORT/KEY for Stratum V2; without a key the server is not authenticated. ' +
            'stratum+tcp://HOST:PORT for Stratum V1, stratum+tls:// over TLS.',
        ),
      ),
      userIdentity: optional(
        text('account.worker-1', 'Whose work it is there, where that is not the user_identity above.', {
          maxBytes: MAX_TEXT,
        }),
      ),
      password: text('x', "Stratum V1's; pools ignore it or read wishes from it, as d=1024.", { maxBytes: MAX_TEXT }),
    },
    { atLeast: 1 },
  ),
  userIdentity: text('miner.worker-1', 'Whose work it is, as the server wants it.', { maxBytes: MAX_TEXT }),
  channel: choice(
    ['standard', 'extended'],
    'standard',
    'Stratum V2: header-only mining (standard), or rolling of the extranonce (extended), as Stratum V1 always does.',
  ),
  minExtranonceSize: integer(4, 'Bytes of extranonce that an extended channel must leave to the device.', {
    min: 0,
    max: 32,
  }),
  threads: integer(0, 'Hashing threads; 0 for as many as there are cores, less one.', { min: 0, max: 1024 }),
  throttle: optional(number(50_000, 'Hashes per second that are not exceeded, all threads together.', { min: 1 })),
  versionMask: text('1fffe000', 'Version bits to roll where the job allows it, in hex; 00000000 for none.', {
    pattern: /^[0-9a-f]{8}$/,
    shape: '8 lower-case hex digits',
  }),
  maxTarget: optional(
    text(TARGET, 'The easiest target to accept, in hex as explorers show hashes; any when left out. Stratum V2.', {
      pattern: /^[0-9a-f]{64}$/,
      shape: '64 lower-case hex digits',
    }),
  ),
  reconnectHosts: texts(
    [],
    'Other hosts to which a Stratum V1 pool may send the device (client.reconnect); one that begins with a dot stands ' +
      'for all names that end in it. Its own host it may always name.',
  ),
  device: section('What servers are told about the device (§3.6.1). Stratum V1 has room for firmware and hardware.', {
    vendor: text('sv2kit', 'Who made it.', { maxBytes: MAX_TEXT }),
    hardware: text('CPU', 'What it is.', { maxBytes: MAX_TEXT }),
    firmware: text('sv2kit-mining-device', 'What runs on it.', { maxBytes: MAX_TEXT }),
    deviceId: text('', 'Its serial number; empty to tell nothing.', { maxBytes: MAX_TEXT }),
  }),
});
export type MiningDeviceConfig = ConfigOf<typeof miningDeviceConfig>;

export function threadCount({ threads }: Pick<MiningDeviceConfig, 'threads'>): number {
  return threads === 0 ? Math.max(1, availableParallelism() - 1) : threads;
}

/** 32 bytes, little-endian. */
export function maxTargetOf({ maxTarget }: Pick<MiningDeviceConfig, 'maxTarget'>): Uint8Array {
  return maxTarget === undefined ? MAX_TARGET : fromDisplayHash(maxTarget);
}

/** Only bits that BIP323 frees may be rolled; what else the mask has is dropped. */
export function versionMaskOf({ versionMask }: Pick<MiningDeviceConfig, 'versionMask'>): number {
  return Number.parseInt(versionMask, 16) & BIP323_MASK;
}
