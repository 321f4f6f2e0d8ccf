import type { Limits } from './limits.ts';

/** An open port. */
export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Connections open now. */
  readonly connections: number;
  /** Of those, the ones that are not set up yet. */
  readonly handshakes: number;
  /**
   * Stops listening: another process may have the port. Connections that are not set up yet end, the others stay: a drain
   * goes on with them.
   */
  stop(): void;
  /** From now on; what is open already stays, with the timeouts that it began with. */
  setLimits(limits: Partial<Limits>): void;
  /** Stops listening, ends every connection and waits until they are closed. */
  close(): Promise<void>;
}
