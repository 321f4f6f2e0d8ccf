import {
  type Clock,
  type Listener,
  type ListenWireOptions,
  listenWire,
  type Wire,
  type WireConnection,
} from '@sv2kit/net';
import { type ClientSessionOptions, type Sv1ClientEvent, USUAL_VERSION_MASK } from '@sv2kit/sv1';
import { createV1Upstream, type UpstreamPolicy, type V1Endpoint, type V1Pool } from '../src/index.ts';

const ZEROS = '0'.repeat(64);
export const NOTIFY = (jobId: string) => ({
  id: null,
  method: 'mining.notify',
  params: [jobId, ZEROS, '01', '02', [], '20000000', '1d00ffff', '65000000', true],
});
export const DIFFICULTY = (difficulty: number) => ({ id: null, method: 'mining.set_difficulty', params: [difficulty] });

/** What a pool says when it is asked; the id is added. `silence` says nothing. */
export type Answers = Readonly<Record<string, readonly object[] | 'silence'>>;

/** Lets everybody in; the difficulty and a job come right behind the subscription, before authorize is answered. */
const FRIENDLY: Answers = {
  'mining.configure': [{ result: { 'version-rolling': true, 'version-rolling.mask': '1fffe000' } }],
  'mining.subscribe': [{ result: [[], 'deadbeef', 8] }, DIFFICULTY(512), NOTIFY('first'), NOTIFY('early')],
  'mining.authorize': [{ result: true }],
  'mining.submit': [{ result: true }],
};

/** One miner's connection, on the pool's side. */
export class Guest implements Wire {
  readonly connection: WireConnection;
  readonly asked: { id: unknown; method: string; params: unknown[] }[] = [];
  readonly #answers: Answers;
  #text = '';
  #out: string[] = [];

  constructor(connection: WireConnection, answers: Answers) {
    this.connection = connection;
    this.#answers = answers;
    connection.markReady();
  }
  say(...lines: readonly object[]): void {
    for (const line of lines) this.#out.push(`${JSON.stringify(line)}\n`);
    this.connection.flushSoon();
  }
  receive(chunk: Uint8Array): void {
    const lines = (this.#text + Buffer.from(chunk).toString()).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      const request = JSON.parse(line);
      this.asked.push(request);
      const answers = this.#answers[request.method] ?? [];
      if (answers === 'silence') continue;
      this.say(...answers.map((answer) => ('method' in answer ? answer : { id: request.id, error: null, ...answer })));
    }
  }
  drain(): Uint8Array | undefined {
    const out = this.#out.join('');
    this.#out = [];
    return out === '' ? undefined : Buffer.from(out);
  }
  onClose(): void {}
}

export interface TestPool extends AsyncDisposable {
  readonly listener: Listener;
  readonly guests: Guest[];
  endpoint(over?: Partial<V1Endpoint>): V1Endpoint;
}

/** A Stratum V1 pool on this machine. */
export async function v1Pool(
  clock: Clock,
  answers: Answers = {},
  options: Partial<ListenWireOptions> = {},
): Promise<TestPool> {
  const guests: Guest[] = [];
  const accept = (connection: WireConnection) => {
    const guest = new Guest(connection, { ...FRIENDLY, ...answers });
    guests.push(guest);
    return guest;
  };
  const listener = await listenWire({ host: '127.0.0.1', port: 0, clock, accept, ...options });
  return {
    listener,
    guests,
    endpoint: (over) => ({ host: '127.0.0.1', port: listener.port, tls: false, ...over }),
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

/** What an application lives through with its pools. */
export function v1Upstream(
  clock: Clock,
  endpoints: readonly V1Endpoint[],
  over: Partial<ClientSessionOptions> & { readonly policy?: Partial<UpstreamPolicy> } = {},
) {
  const { policy = {}, ...session } = over;
  const story: string[] = [];
  const events: Sv1ClientEvent[] = [];
  const warnings: unknown[] = [];
  const pools: V1Pool[] = [];
  const log = {
    debug() {},
    info() {},
    warn: (_: string, fields: unknown) => warnings.push(fields),
    error() {},
    child: () => log,
  };
  const upstream = createV1Upstream({
    endpoints,
    policy,
    clock,
    log,
    random: () => 0,
    session: ({ host, port }) => ({
      host,
      port,
      userAgent: 'test',
      username: 'alice.rig',
      password: 'x',
      versionMask: USUAL_VERSION_MASK,
      ...session,
    }),
    handler(pool, { name = 'pool' }) {
      story.push(`+${name}`);
      pools.push(pool);
      return { onEvent: (event) => events.push(event), onClose: ({ code }) => story.push(`-${name} ${code}`) };
    },
  });
  return { upstream, story, events, warnings, pools };
}
