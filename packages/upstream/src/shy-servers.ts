import { type Connection, type Logger, silentLogger } from '@sv2kit/net';
import { type Endpoint, endpointName } from './endpoint.ts';

/**
 * Servers that fall silent for good when they are asked for extensions: old ones do, although they should only ignore
 * it. They are asked for none the next time. (Where some are required there is no connection without an answer.)
 */
export class ShyServers {
  readonly #log: Logger;
  readonly #servers = new Set<Endpoint>();

  constructor(log: Logger = silentLogger) {
    this.#log = log;
  }

  has(endpoint: Endpoint): boolean {
    return this.#servers.has(endpoint);
  }

  /** A connection has ended without a word from the server. */
  onMute(endpoint: Endpoint, { extensionsUnanswered = false }: Pick<Connection<never>, 'extensionsUnanswered'>): void {
    // Silent without being asked, too: that was not the cause.
    if (this.#servers.delete(endpoint) || !extensionsUnanswered) return;
    this.#servers.add(endpoint);
    this.#log.warn('upstream fell silent when it was asked for extensions: it will be asked for none', {
      endpoint: endpointName(endpoint),
    });
  }
}
