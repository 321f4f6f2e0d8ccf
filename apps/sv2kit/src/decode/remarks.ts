import { difficultyFromTarget, displayHash } from '@sv2kit/bitcoin';
import { fieldKind, flagNames, MINING_PROTOCOL, protocols } from '@sv2kit/codec';
import { date } from '../keys/text.ts';
import type { DecodedFrame } from './frames.ts';

/** What a field's value means, where the value alone does not say it. */
export function remark(frame: DecodedFrame, name: string, value: unknown): string | undefined {
  const type = frame.found?.definition.name;
  if (type === 'SetupConnection' && name === 'protocol') return protocols.find(({ number }) => number === value)?.name;
  const kind = fieldKind(name);
  if (typeof value === 'number') {
    if (name === 'flags' && type === 'SetupConnection') return flags(type, Number(frame.fields?.['protocol']), value);
    // The answer does not say of which protocol it is; one alone has flags in it.
    if (name === 'flags' && type === 'SetupConnectionSuccess') return flags(type, MINING_PROTOCOL, value);
    if (kind === 'time') return date(value);
    return kind === 'bits' ? `0x${value.toString(16).padStart(8, '0')}` : undefined;
  }
  if (!(value instanceof Uint8Array) || value.length !== 32) return undefined;
  if (kind === 'hash') return `shown as ${displayHash(value)}`;
  return kind === 'target' ? `difficulty ${difficultyFromTarget(value)}` : undefined;
}

const flags = (...of: Parameters<typeof flagNames>): string => flagNames(...of).join(', ') || 'none';
