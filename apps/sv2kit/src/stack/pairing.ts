import { freePorts } from '@sv2kit/bitcoind';

/** Options of two bitcoinds that are to be each other's only peer. */
export interface Pairing {
  readonly listening: readonly string[];
  /** Finds the other by itself, again too when the other was away. */
  readonly dialling: readonly string[];
}

const ALONE = ['-listenonion=0', '-discover=0', '-natpmp=0'];

export async function pairNodes(): Promise<Pairing> {
  const [port = 0] = await freePorts(1);
  return {
    // Whom a node trusts it tells of a transaction at once.
    listening: [...ALONE, '-listen=1', `-bind=127.0.0.1:${port}`, '-whitelist=noban@127.0.0.1'],
    dialling: [...ALONE, `-addnode=127.0.0.1:${port}`],
  };
}
