import { DECLARE_TX_DATA, jobDeclaration, utf8 } from '@sv2kit/codec';
import { type Clock, type Connection, connect, ConnectError, type Logger } from '@sv2kit/net';
import type { JobDeclarationFromClient } from '@sv2kit/codec';
import type { ListedUpstream } from './upstream-config.ts';

export interface ProbeOptions extends ListedUpstream {
  readonly tokenMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly security?: 'noise' | 'plain' | undefined;
}

/**
 * Asks a job declarator server for one token, to learn which outputs its pool wants before it is needed (§7.1).
 *
 * @returns the outputs (counted), or undefined when the server does not say
 */
export async function probeOutputs(options: ProbeOptions): Promise<Uint8Array | undefined> {
  const { declarator, userIdentity, mode, tokenMs, clock, log, security } = options;
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
  let connection: Connection<JobDeclarationFromClient> | undefined;
  using _patience = clock.after(tokenMs, () => resolve(undefined));
  try {
    await connect({
      host: declarator.host,
      port: declarator.port,
      authority: declarator.authority,
      protocol: jobDeclaration,
      setup: { vendor: 'sv2kit', hardwareVersion: 'jd-client', flags: mode === 'full-template' ? DECLARE_TX_DATA : 0 },
      clock,
      ...(security === undefined ? {} : { security }),
      handler: (made) => {
        connection = made;
        made.send({ type: 'AllocateMiningJobToken', userIdentifier: utf8(userIdentity), requestId: 1 });
        return {
          onMessage: (message) => {
            if (message.type === 'AllocateMiningJobTokenSuccess') resolve(new Uint8Array(message.coinbaseTxOutputs));
          },
          onClose: () => resolve(undefined),
        };
      },
    });
    return await promise;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    log.debug('a server could not be asked for its outputs', { code: error.code });
    return undefined;
  } finally {
    connection?.end('probed');
  }
}
