import { difficultyFromTarget, displayHash } from '@sv2kit/bitcoin';
import {
  DECLARE_TX_DATA,
  JOB_DECLARATION_PROTOCOL,
  MINING_PROTOCOL,
  protocols,
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
} from '@sv2kit/codec';
import { date } from '../keys/text.ts';
import type { DecodedFrame } from './frames.ts';

const HASH_FIELDS = new Set(['prevHash', 'merkleRoot', 'hash', 'txidList', 'wtxidList']);
const TARGET_FIELDS = new Set(['target', 'maximumTarget', 'maxTarget']);
const TIME_FIELDS = new Set(['ntime', 'minNtime', 'headerTimestamp']);
const HEX_FIELDS = new Set(['version', 'nbits', 'nonce', 'flags']);

const MINING_SETUP_FLAGS = {
  REQUIRES_STANDARD_JOBS,
  REQUIRES_WORK_SELECTION,
  REQUIRES_VERSION_ROLLING,
} as const;
const SETUP_SUCCESS_FLAGS = { REQUIRES_FIXED_VERSION, REQUIRES_EXTENDED_CHANNELS } as const;

/** What a field's value means, where the value alone does not say it. */
export function remark(frame: DecodedFrame, name: string, value: unknown): string | undefined {
  const type = frame.found?.definition.name;
  if (type === 'SetupConnection' && name === 'protocol') return protocols.find(({ number }) => number === value)?.name;
  if (typeof value === 'number') {
    if (name === 'flags' && type === 'SetupConnection') return flagNames(value, setupFlags(frame));
    if (name === 'flags' && type === 'SetupConnectionSuccess') return flagNames(value, SETUP_SUCCESS_FLAGS);
    if (TIME_FIELDS.has(name)) return date(value);
    return HEX_FIELDS.has(name) ? `0x${value.toString(16).padStart(8, '0')}` : undefined;
  }
  if (!(value instanceof Uint8Array) || value.length !== 32) return undefined;
  if (HASH_FIELDS.has(name)) return `shown as ${displayHash(value)}`;
  if (TARGET_FIELDS.has(name)) return `difficulty ${difficultyFromTarget(value)}`;
  return undefined;
}

function setupFlags(frame: DecodedFrame): Readonly<Record<string, number>> {
  switch (frame.fields?.['protocol']) {
    case MINING_PROTOCOL:
      return MINING_SETUP_FLAGS;
    case JOB_DECLARATION_PROTOCOL:
      return { DECLARE_TX_DATA };
    default:
      return {};
  }
}

function flagNames(flags: number, names: Readonly<Record<string, number>>): string {
  let unknown = flags;
  const set: string[] = [];
  for (const [name, bit] of Object.entries(names)) {
    if ((flags & bit) === 0) continue;
    set.push(name);
    unknown &= ~bit;
  }
  if (unknown !== 0) set.push(`unknown bits 0x${(unknown >>> 0).toString(16)}`);
  return set.length === 0 ? 'none' : set.join(', ');
}
