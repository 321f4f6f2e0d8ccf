import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { encodeFrame, type MiningFromClient, type MiningFromServer, mining, SetupConnection } from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import {
  createEllSwiftKeypair,
  decodeEllSwift,
  issueCertificate,
  publicKeyOf,
  type ServerIdentity,
} from '@sv2kit/noise';
import {
  type CloseReason,
  type Connection,
  type ConnectionHandler,
  type ConnectOptions,
  connect,
  inlineHandshakes,
  type Listener,
  type ListenOptions,
  listen,
  type NetMetrics,
  type Service,
  type ServiceOptions,
  serve,
} from '../src/index.ts';

const seeded = (seed: number) => new Uint8Array(32).fill(seed);
const START = 1_700_000_000_000;

const authoritySecret = seeded(9);
export const authority = publicKeyOf(authoritySecret);

/** A static key with a certificate that is valid around the virtual clock's start. Times in seconds from it. */
export function newIdentity(seed = 3, from = -3600, to = 3600): ServerIdentity {
  const staticKey = createEllSwiftKeypair(seeded(seed), seeded(seed + 1));
  const certificate = issueCertificate({
    authoritySecret,
    staticPublicKey: decodeEllSwift(staticKey.encoded),
    validFrom: START / 1000 + from,
    notValidAfter: START / 1000 + to,
    auxRand: seeded(7),
  });
  return { staticKey, certificate };
}

/** Counts, by name and label. */
export class Counts implements NetMetrics {
  readonly counts: Record<string, number> = {};
  readonly accepted = this.#counter('accepted');
  readonly refused = this.#counter('refused');
  readonly closed = this.#counter('closed');
  readonly bugs = this.#counter('bugs');
  readonly connections = { set: (value: number) => this.#set('connections', value) };

  #counter(name: string) {
    return {
      inc: (labels: Readonly<Record<string, string>> = {}, n = 1) => {
        const key = [name, ...Object.values(labels)].join(' ');
        this.counts[key] = (this.counts[key] ?? 0) + n;
      },
    };
  }

  #set(name: string, value: number): void {
    this.counts[name] = value;
  }
}

/** A handler that remembers everything; `onMessage` may be replaced. */
export class Recorder<In, Out> implements ConnectionHandler<In> {
  readonly connection: Connection<Out>;
  readonly messages: In[] = [];
  readonly foreign: unknown[] = [];
  readonly extensions: unknown[] = [];
  drains = 0;
  reason: CloseReason | undefined;
  readonly closed: Promise<CloseReason>;
  #close: (reason: CloseReason) => void;
  react: (message: In) => void = () => {};

  constructor(connection: Connection<Out>) {
    this.connection = connection;
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#close = resolve;
  }
  onMessage(message: In): void {
    this.messages.push(message);
    this.react(message);
  }
  onForeign(foreign: unknown): void {
    this.foreign.push(foreign);
  }
  onExtensions(extensions: ReadonlySet<number>): void {
    this.extensions.push(extensions);
  }
  onDrain(): void {
    this.drains += 1;
  }
  onClose(reason: CloseReason): void {
    this.reason = reason;
    this.#close(reason);
  }
}
export type ServerSide = Recorder<MiningFromClient, MiningFromServer>;
export type ClientSide = Recorder<MiningFromServer, MiningFromClient>;

export interface Stage extends AsyncDisposable {
  readonly listener: Listener;
  readonly clock: VirtualClock;
  readonly counts: Counts;
  readonly errors: unknown[];
  /** The server's side of each connection, in the order they were set up. */
  readonly servers: ServerSide[];
  client(over?: Partial<ConnectOptions<typeof mining>>): Promise<ClientSide>;
  raw(): Promise<Socket>;
}

export interface StageOptions extends Partial<ListenOptions> {
  readonly secure?: boolean;
  readonly accept?: ServiceOptions<MiningFromClient, MiningFromServer>['accept'];
  readonly more?: readonly Service[];
}

/** A listener for the mining protocol on a virtual clock. */
export async function stage(options: StageOptions = {}): Promise<Stage> {
  const clock = new VirtualClock();
  const counts = new Counts();
  const errors: unknown[] = [];
  const servers: ServerSide[] = [];
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (_: string, fields: unknown) => errors.push(fields),
    child: () => log,
  };
  const secure = options.secure ?? false;
  const accept = (connection: Connection<MiningFromServer>) => {
    const handler: ServerSide = new Recorder(connection);
    servers.push(handler);
    return { kind: 'accept', handler } as const;
  };
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    services: [serve(mining, { flags: 0b111, accept: options.accept ?? accept }), ...(options.more ?? [])],
    ...(secure && { identity: () => newIdentity(), handshakes: inlineHandshakes() }),
    clock,
    log,
    metrics: counts,
    ...options,
  });
  const { port } = listener;
  const target = { host: '127.0.0.1', port, protocol: mining, clock, security: secure ? 'noise' : 'plain' } as const;
  const connected: ClientSide[] = [];
  const sockets: Socket[] = [];
  return {
    listener,
    clock,
    counts,
    errors,
    servers,
    async client(over = {}) {
      let side: ClientSide | undefined;
      const handler = (connection: Connection<MiningFromClient>) => {
        side = new Recorder(connection);
        connected.push(side);
        return side;
      };
      await connect({ ...target, ...(secure && { authority }), handler, ...over });
      return side as ClientSide;
    },
    async raw() {
      const socket = connectTcp(port, '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    },
    async [Symbol.asyncDispose]() {
      for (const { connection } of connected) connection.destroy('test is over');
      for (const socket of sockets) socket.destroy();
      await listener.close();
    },
  };
}

/** Everything that a socket receives until the other side closes it. */
export async function allReceived(socket: Socket): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return new Uint8Array(Buffer.concat(chunks));
}

/** Waits, turn by turn, until something is so. */
export async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((resolve) => setImmediate(resolve));
}

/** A SetupConnection frame. */
export const setupFrame = (over: Partial<SetupConnection> = {}): Uint8Array =>
  encodeFrame(SetupConnection, {
    type: 'SetupConnection',
    protocol: 0,
    minVersion: 2,
    maxVersion: 2,
    flags: 0,
    endpointHost: 'localhost',
    endpointPort: 1,
    vendor: 'raw',
    hardwareVersion: '',
    firmware: '',
    deviceId: '',
    ...over,
  });
