import { connectWire, type WireConnection } from '@sv2kit/net';
import { Sv1ClientSession } from '@sv2kit/sv1';
import type { Dial } from './dial.ts';
import type { Ambience } from './options.ts';
import { DEFAULT_POLICY } from './policy.ts';
import { PoolLine } from './pool-line.ts';
import { PoolRelay } from './pool-relay.ts';
import type { PoolOptions, V1Endpoint } from './v1-options.ts';

/** Dials Stratum V1 pools: TLS where it is spoken, then configure, subscribe and authorize. */
export function dialPools(options: Ambience & PoolOptions): Dial<V1Endpoint> {
  const { policy, clock, log, netMetrics: metrics, connections } = options;
  const limits = { ...options.limits, silenceMs: policy?.silenceMs ?? DEFAULT_POLICY.silenceMs };
  const open = options.connect ?? connectWire;
  return ({ endpoint, target, signal, take }) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onReady = (line: PoolLine) => {
      const relay = take(line, (owner) => new PoolRelay(line, options.handler(line, endpoint), owner));
      resolve();
      return relay;
    };
    const handler = (connection: WireConnection) => {
      const session = new Sv1ClientSession(options.session({ ...endpoint, ...target }));
      return new PoolLine(connection, session, { onReady, onFailed: reject });
    };
    open({
      ...target,
      tls: endpoint.tls,
      limits,
      signal,
      handler,
      connections,
      ...(clock && { clock }),
      ...(log && { log }),
      ...(metrics && { metrics }),
    }).catch(reject);
    return promise;
  };
}
