import type { Protocol } from '@sv2kit/codec';
import { type Connection, type ConnectionHandler, connect, type ConnectOptions } from '@sv2kit/net';
import type { Dial } from './dial.ts';
import type { Endpoint } from './endpoint.ts';
import { type AnyMessage, MessageRelay } from './message-relay.ts';
import type { Ambience, SessionOptions } from './options.ts';
import { DEFAULT_POLICY } from './policy.ts';
import { ShyServers } from './shy-servers.ts';

/** What a connection hears that came too late. */
const NOBODY: ConnectionHandler<AnyMessage> = { onMessage() {}, onClose() {} };

/** Dials Stratum V2 servers: handshake, setup and extensions. */
export function dialSessions<P extends Protocol>(options: Ambience & SessionOptions<P>): Dial<Endpoint> {
  const open = options.connect ?? connect<P>;
  const shy = new ShyServers(options.log);
  return ({ endpoint, target, signal, take }) => {
    const isVouchedFor = endpoint.authority !== undefined && options.security !== 'plain';
    const extensions = shy.has(endpoint) ? undefined : options.extensions;
    const handler = (connection: Connection<AnyMessage>) =>
      take(connection, (owner) => {
        const application = options.handler(connection as never, endpoint) as ConnectionHandler<AnyMessage>;
        const onMute = () => shy.onMute(endpoint, connection);
        return new MessageRelay(connection, application, owner, { isVouchedFor, onMute });
      }) ?? NOBODY;
    return open({
      ...connectOptions(options, endpoint),
      ...(extensions && { extensions }),
      ...target,
      signal,
      handler: (connection) => handler(connection as never) as never,
    });
  };
}

/** What `connect` needs to know whichever try it is. */
function connectOptions<P extends Protocol>(
  {
    protocol,
    setup,
    security,
    policy,
    limits,
    clock,
    log,
    netMetrics: metrics,
    connections,
  }: Ambience & SessionOptions<P>,
  endpoint: Endpoint,
): Omit<ConnectOptions<P>, 'host' | 'port' | 'handler'> {
  return {
    protocol,
    authority: endpoint.authority,
    connections,
    limits: { ...limits, silenceMs: policy?.silenceMs ?? DEFAULT_POLICY.silenceMs },
    ...(setup && { setup: setup(endpoint) }),
    ...(security && { security }),
    ...(clock && { clock }),
    ...(log && { log }),
    ...(metrics && { metrics }),
  };
}
