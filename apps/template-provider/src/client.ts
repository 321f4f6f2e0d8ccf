import type { TemplatesFromServer } from '@sv2kit/codec';
import type { Logger } from '@sv2kit/daemon';
import type { Connection } from '@sv2kit/net';
import type { ClientAllowance } from './allowance.ts';

/** One client of the template provider. */
export class Client {
  readonly connection: Connection<TemplatesFromServer>;
  readonly log: Logger;
  readonly allowance: ClientAllowance;
  /** When it connected, unix ms. */
  readonly sinceMs: number;
  /** It gets new tips only. */
  isPaused = false;

  constructor(connection: Connection<TemplatesFromServer>, log: Logger, allowance: ClientAllowance, sinceMs: number) {
    this.connection = connection;
    this.log = log;
    this.allowance = allowance;
    this.sinceMs = sinceMs;
  }

  /** Whether it should get new tips only: it does not keep up, or holds as much as it may. */
  get isFull(): boolean {
    return this.connection.congested || this.allowance.isSpent;
  }
}
