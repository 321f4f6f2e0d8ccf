import { randomBytes } from 'node:crypto';
import { createEllSwiftKeypair, type EllSwiftKeypair, NoiseError, respond, type ServerIdentity } from '@sv2kit/noise';
import type { HandshakeResult } from '@sv2kit/session';

/** A server's half of one handshake (§4.5.2.1). */
export interface HandshakeJob {
  /** Act 1, 64 bytes. */
  readonly act: Uint8Array;
  readonly identity: ServerIdentity;
  /** The peer has gone: nobody waits for the result. */
  readonly abandoned: boolean;
  /** Called once, unless abandoned. */
  done(result: HandshakeResult | Error): void;
}

/** Computes the heavy half of handshakes. */
export interface Handshaker {
  respond(job: HandshakeJob): void;
  /** Handshakes that have not been answered. */
  readonly waiting: number;
  close(): Promise<void>;
}

/** A fresh key for one handshake. */
export function ephemeralKey(): EllSwiftKeypair {
  for (;;) {
    try {
      return createEllSwiftKeypair(randomBytes(32), randomBytes(32));
    } catch (error) {
      // About one random number in 2^128 is not a secret of the curve.
      if (!(error instanceof NoiseError)) throw error;
    }
  }
}

/** Computes in this thread, at once: for tests, and for servers that see few connections. */
export function inlineHandshakes(): Handshaker {
  return { waiting: 0, respond: respondHere, close: async () => {} };
}

/** The job done in this thread. */
export function respondHere(job: HandshakeJob): void {
  job.done(computed(job));
}

function computed(job: HandshakeJob): HandshakeResult | Error {
  try {
    const { act2, ...keys } = respond(job.act, ephemeralKey(), job.identity);
    return { reply: act2, keys };
  } catch (error) {
    return error as Error;
  }
}
