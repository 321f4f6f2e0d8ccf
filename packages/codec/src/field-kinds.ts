// What fields mean to people who look at messages: their types alone do not say it.
import {
  DECLARE_TX_DATA,
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
} from './flags.ts';
import { JOB_DECLARATION_PROTOCOL, MINING_PROTOCOL } from './protocols.ts';

/**
 * `hash`: a U256 in internal byte order, shown reversed. `target`: a U256, little-endian. `time`: unix seconds.
 * `bits`: a U32 that is read in hex.
 */
export type FieldKind = 'hash' | 'target' | 'time' | 'bits';

const NAMES: Readonly<Record<FieldKind, readonly string[]>> = {
  hash: ['prevHash', 'merkleRoot', 'hash', 'txidList', 'wtxidList', 'merklePath'],
  target: ['target', 'maximumTarget', 'maxTarget'],
  time: ['ntime', 'minNtime', 'headerTimestamp'],
  bits: ['version', 'nbits', 'nonce', 'flags', 'headerNonce'],
};
const KINDS: ReadonlyMap<string, FieldKind> = new Map(
  (Object.keys(NAMES) as FieldKind[]).flatMap((kind) => NAMES[kind].map((name) => [name, kind] as const)),
);

/** What a field, or each element of it, is; undefined where its type says all. @param name as in the declarations */
export const fieldKind = (name: string): FieldKind | undefined => KINDS.get(name);

type Flags = Readonly<Record<string, number>>;
const CLIENT_FLAGS: ReadonlyMap<number, Flags> = new Map<number, Flags>([
  [MINING_PROTOCOL, { REQUIRES_STANDARD_JOBS, REQUIRES_WORK_SELECTION, REQUIRES_VERSION_ROLLING }],
  [JOB_DECLARATION_PROTOCOL, { DECLARE_TX_DATA }],
]);
const SERVER_FLAGS: ReadonlyMap<number, Flags> = new Map<number, Flags>([
  [MINING_PROTOCOL, { REQUIRES_FIXED_VERSION, REQUIRES_EXTENDED_CHANNELS }],
]);

/**
 * The names of the flags that are set; of those that have none, `unknown bits 0x…` at the end.
 *
 * @param message SetupConnection or SetupConnectionSuccess: the two are namespaces of their own (§5.3.1)
 * @param protocol `SetupConnection.protocol`
 */
export function flagNames(
  message: 'SetupConnection' | 'SetupConnectionSuccess',
  protocol: number,
  flags: number,
): readonly string[] {
  const known = (message === 'SetupConnection' ? CLIENT_FLAGS : SERVER_FLAGS).get(protocol) ?? {};
  const set = Object.entries(known).filter(([, bit]) => (flags & bit) !== 0);
  const names = set.map(([name]) => name);
  const unknown = set.reduce((rest, [, bit]) => rest & ~bit, flags) >>> 0;
  return unknown === 0 ? names : [...names, `unknown bits 0x${unknown.toString(16)}`];
}
