import { ProtocolError } from '@sv2kit/codec';
import { NoiseError } from '@sv2kit/noise';

/** Runs `attempt`; lets only those errors pass that end one connection. */
export function expectPeerErrorsOnly(attempt: () => void): void {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof NoiseError)) throw error;
  }
}
