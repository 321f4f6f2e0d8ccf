import { ProtocolError } from '@sv2kit/codec';
import { NoiseError } from '@sv2kit/noise';
import type { CloseReason } from './close-reasons.ts';
import type { PeerContext } from './peer-context.ts';

interface Suspect {
  readonly id: number;
  readonly remote: { readonly address: string; readonly port: number };
}

/** Whose fault it is that something was thrown while a peer was served, and with which reason the connection ends. */
export function blame(thrown: unknown, { id, remote }: Suspect, { log, metrics }: PeerContext): CloseReason {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const fields = { peer: id, ...remote };
  if (error instanceof ProtocolError || error instanceof NoiseError) {
    const { code, details } = error;
    log.debug('a peer broke the protocol', { ...fields, code, details });
    return { code, error };
  }
  metrics.bugs.inc();
  log.error('a mistake of ours ended a connection', { ...fields, stack: error.stack });
  return { code: 'internal-error', error };
}
