import { type MiningFromClient, type MiningFromServer, mining } from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import type { CloseReason, Connection, ConnectionHandler, ConnectOptions } from '@sv2kit/net';
import {
  createUpstream,
  type Endpoint,
  endpointName,
  type UpstreamOptions,
  type UpstreamPolicy,
} from '../src/index.ts';

type Options = ConnectOptions<typeof mining>;
export const key = new Uint8Array(32).fill(1);
export const THREE: readonly Endpoint[] = ['a', 'b', 'c'].map((host, i) => ({ host, port: i + 1, authority: key }));

/** A try to connect that nobody has answered. */
export interface Try {
  readonly to: string;
  succeed(): FakeConnection;
  fail(message?: string): void;
}

/** A connection that the test ends. */
export class FakeConnection {
  readonly to: string;
  ended: string | undefined;
  handler!: ConnectionHandler<MiningFromServer>;
  #closed = false;

  constructor(to: string) {
    this.to = to;
  }
  /** Our side ends it; its socket closes later. */
  end(reason: string): void {
    this.ended ??= reason;
  }
  destroy(reason: string): void {
    this.end(reason);
  }
  close(reason: CloseReason = { code: 'peer-closed' }): void {
    if (this.#closed) return;
    this.#closed = true;
    this.handler.onClose(this.ended === undefined ? reason : { code: this.ended });
  }
  reconnect(newHost = '', newPort = 0): void {
    this.handler.onMessage({ type: 'Reconnect', newHost, newPort });
  }
}

/** An upstream whose connections the test makes and breaks, on a virtual clock. */
export class World {
  readonly clock = new VirtualClock();
  readonly tries: Try[] = [];
  readonly connections: FakeConnection[] = [];
  /** What the application lives through. */
  readonly story: string[] = [];
  readonly states: string[] = [];
  readonly events: Record<string, number> = {};
  readonly upstream;
  /** Connections whose end the application has not heard. */
  held = 0;

  constructor(
    endpoints: readonly Endpoint[] = THREE,
    policy: Partial<UpstreamPolicy> = {},
    random = () => 0.5,
    security: 'noise' | 'plain' = 'noise',
  ) {
    const options: UpstreamOptions<typeof mining> = {
      endpoints,
      protocol: mining,
      policy,
      random,
      security,
      clock: this.clock,
      connect: (attempt) => this.#connect(attempt),
      handler: (connection, endpoint) => this.#handler(connection, endpoint),
      onState: ({ kind }) => this.states.push(kind),
      metrics: { events: { inc: ({ event = '' } = {}) => this.#count(event) } },
    };
    this.upstream = createUpstream(options);
  }

  get current(): FakeConnection {
    const last = this.connections.at(-1);
    if (last === undefined) throw new Error('never connected');
    return last;
  }

  /** Answers the only open try. */
  async answer(ok: boolean): Promise<void> {
    const [only, ...others] = this.tries;
    if (only === undefined || others.length > 0) throw new Error(`${this.tries.length} tries are open`);
    if (ok) only.succeed();
    else only.fail();
    await this.settle();
  }

  settle(): Promise<void> {
    return this.clock.advanceAsync(0);
  }

  #count(event: string): void {
    this.events[event] = (this.events[event] ?? 0) + 1;
  }

  #connect({ host, port, signal, handler }: Options): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const to = `${host}:${port}`;
    const settled = () => this.tries.splice(this.tries.indexOf(open), 1);
    const open: Try = {
      to,
      succeed: () => {
        settled();
        const connection = new FakeConnection(to);
        connection.handler = handler(connection as unknown as Connection<MiningFromClient>);
        if (connection.ended === undefined) this.connections.push(connection);
        resolve(connection);
        return connection;
      },
      fail: (message = 'refused') => {
        settled();
        reject(new Error(message));
      },
    };
    this.tries.push(open);
    signal?.addEventListener('abort', () => this.tries.includes(open) && open.fail('aborted'));
    return promise;
  }

  #handler(_connection: Connection<MiningFromClient>, endpoint: Endpoint): ConnectionHandler<MiningFromServer> {
    const name = endpointName(endpoint);
    this.story.push(`+${name}`);
    this.held += 1;
    return {
      onMessage: ({ type }) => this.story.push(type),
      onClose: ({ code }) => {
        this.held -= 1;
        this.story.push(`-${name} ${code}`);
      },
    };
  }
}
