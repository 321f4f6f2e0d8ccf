import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { VirtualClock } from '@sv2kit/daemon';
import {
  type CloseReason,
  type ConnectWireOptions,
  connectWire,
  type Listener,
  type ListenWireOptions,
  listenWire,
  type Wire,
  type WireConnection,
} from '../src/index.ts';
import { Counts } from './peers.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A wire that remembers what it hears, and says what it is given. */
export class Talk implements Wire {
  readonly connection: WireConnection;
  heard = '';
  drains = 0;
  reason: CloseReason | undefined;
  react: (said: string) => void = () => {};
  #out: Uint8Array[] = [];

  constructor(connection: WireConnection) {
    this.connection = connection;
  }
  say(what: string | Uint8Array): void {
    this.#out.push(typeof what === 'string' ? new TextEncoder().encode(what) : what);
  }
  receive(chunk: Uint8Array): void {
    this.heard += text(chunk);
    this.react(text(chunk));
  }
  drain(): Uint8Array | undefined {
    const out = this.#out;
    this.#out = [];
    return out.length === 0 ? undefined : new Uint8Array(Buffer.concat(out));
  }
  onDrain(): void {
    this.drains += 1;
  }
  onClose(reason: CloseReason): void {
    this.reason = reason;
  }
}

export interface WireStage extends AsyncDisposable {
  readonly listener: Listener;
  readonly clock: VirtualClock;
  readonly counts: Counts;
  /** What was logged as an error. */
  readonly errors: unknown[];
  /** The server's side of each connection, in order. */
  readonly servers: Talk[];
  client(over?: Partial<ConnectWireOptions>): Promise<Talk>;
  /** A socket that has sent some bytes. */
  raw(...bytes: readonly (string | Uint8Array)[]): Promise<Socket>;
}

/** A listener for wires on a virtual clock: each server answers what it hears with the same in capitals. */
export async function wireStage(options: Partial<ListenWireOptions> = {}): Promise<WireStage> {
  const clock = new VirtualClock();
  const counts = new Counts();
  const errors: unknown[] = [];
  const servers: Talk[] = [];
  const sides: Talk[] = [];
  const sockets: Socket[] = [];
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (_: string, fields: unknown) => errors.push(fields),
    child: () => log,
  };
  const accept = (connection: WireConnection) => {
    const talk = new Talk(connection);
    talk.react = (said) => talk.say(said.toUpperCase());
    servers.push(talk);
    return talk;
  };
  const listener = await listenWire({ host: '127.0.0.1', port: 0, clock, log, metrics: counts, accept, ...options });
  const target = { host: '127.0.0.1', port: listener.port };
  return {
    listener,
    clock,
    counts,
    errors,
    servers,
    async client(over = {}) {
      let side: Talk | undefined;
      const handler = (connection: WireConnection) => {
        side = new Talk(connection);
        sides.push(side);
        return side;
      };
      await connectWire({ ...target, clock, log, handler, ...over });
      return side as Talk;
    },
    async raw(...bytes) {
      const socket = connectTcp(target);
      sockets.push(socket);
      socket.on('error', () => {});
      await once(socket, 'connect');
      for (const part of bytes) socket.write(part);
      return socket;
    },
    async [Symbol.asyncDispose]() {
      for (const { connection } of sides) connection.destroy('test is over');
      for (const socket of sockets) socket.destroy();
      await listener.close();
    },
  };
}
