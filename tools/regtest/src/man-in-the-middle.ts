import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import {
  decodePayload,
  encodeFrame,
  HEADER_SIZE,
  type MessageDefinition,
  type MessageOf,
  type Protocol,
  readHeader,
} from '@sv2kit/codec';
import {
  ACT1_SIZE,
  ACT2_SIZE,
  createEllSwiftKeypair,
  finishInitiator,
  respond,
  Sealer,
  type ServerIdentity,
  startInitiator,
} from '@sv2kit/noise';
import { FrameStream } from './frame-stream.ts';

export type Side = 'client' | 'server';
export type AnyMessage = MessageOf<MessageDefinition>;

/** A message that passed, or would have passed, between the two. */
export interface Relayed {
  readonly from: Side;
  /** Number of the connection, from 0. */
  readonly connection: number;
  readonly message: AnyMessage;
  readonly frame: Uint8Array;
}

/** What becomes of a message: it passes, never arrives, arrives changed, or arrives when the promise is kept. */
export type Verdict = 'pass' | 'drop' | AnyMessage | Promise<'pass' | 'drop' | AnyMessage>;
export type Rule = (relayed: Relayed) => Verdict | undefined;

export interface MiddleOptions {
  readonly protocol: Protocol;
  readonly upstream: { readonly host: string; readonly port: number };
  /** What it shows to clients: a key certified by the authority that they trust. */
  readonly identity: ServerIdentity;
}

const EVERY_EXTENSION = new Set([1, 2]);
const freshKey = () => createEllSwiftKeypair(Uint8Array.of(1, ...randomBytes(31)), randomBytes(32));

/** Reads exactly `size` bytes; what came with them is the rest. */
async function readExactly(
  socket: Socket,
  size: number,
): Promise<{ readonly bytes: Uint8Array; readonly rest: Uint8Array }> {
  let got = Buffer.alloc(0);
  while (got.length < size) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    got = Buffer.concat([got, chunk]);
  }
  socket.pause();
  return { bytes: got.subarray(0, size), rest: got.subarray(size) };
}

/**
 * Sits between an SV2 client and its server, speaks Noise with both, and sees every message in the clear.
 * Tests wait for messages, and drop, change or delay them. Frames that nobody touches pass byte for byte.
 */
export class ManInTheMiddle implements AsyncDisposable {
  readonly #options: MiddleOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #seen: Relayed[] = [];
  readonly #waiting = new Set<(relayed: Relayed) => void>();
  readonly #rules: Rule[] = [];
  #connections = 0;

  private constructor(options: MiddleOptions) {
    this.#options = options;
    this.#server = createServer((socket) => void this.#serve(socket).catch(() => socket.destroy()));
  }

  static async listen(options: MiddleOptions): Promise<ManInTheMiddle> {
    const middle = new ManInTheMiddle(options);
    middle.#server.listen(0, '127.0.0.1');
    await once(middle.#server, 'listening');
    return middle;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Everything that passed so far, in order. */
  get seen(): readonly Relayed[] {
    return this.#seen;
  }

  /** Resolves with the first message, already seen or to come, that matches. */
  async message(type: string, match: (relayed: Relayed) => boolean = () => true): Promise<Relayed> {
    const wanted = (relayed: Relayed) => relayed.message.type === type && match(relayed);
    const found = this.#seen.find(wanted);
    if (found !== undefined) return found;
    return new Promise((resolve) => {
      const look = (relayed: Relayed): void => {
        if (!wanted(relayed)) return;
        this.#waiting.delete(look);
        resolve(relayed);
      };
      this.#waiting.add(look);
    });
  }

  /** Asks `rule` about every message from now on; the first rule with a verdict decides. */
  intercept(rule: Rule): Disposable {
    this.#rules.push(rule);
    return { [Symbol.dispose]: () => void this.#rules.splice(this.#rules.indexOf(rule), 1) };
  }

  /** Cuts every connection, as a failing network would. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(client: Socket): Promise<void> {
    const connection = this.#connections;
    this.#connections += 1;
    const server = connect({ ...this.#options.upstream, noDelay: true });
    for (const [socket, other] of [[client, server] as const, [server, client] as const]) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    const { bytes: act1, rest: fromClient } = await readExactly(client, ACT1_SIZE);
    const { act2, ...towardsClient } = respond(act1, freshKey(), this.#options.identity);
    const { act1: ownAct1, state } = startInitiator(freshKey());
    server.write(ownAct1);
    const { bytes: ownAct2, rest: fromServer } = await readExactly(server, ACT2_SIZE);
    const towardsServer = finishInitiator(state, ownAct2, { now: 0 });
    client.write(act2);
    this.#pump(
      'client',
      connection,
      client,
      server,
      new FrameStream(towardsClient.receiveKey),
      new Sealer(towardsServer.sendKey),
      fromClient,
    );
    this.#pump(
      'server',
      connection,
      server,
      client,
      new FrameStream(towardsServer.receiveKey),
      new Sealer(towardsClient.sendKey),
      fromServer,
    );
  }

  #pump(
    from: Side,
    connection: number,
    source: Socket,
    target: Socket,
    frames: FrameStream,
    sealer: Sealer,
    rest: Uint8Array,
  ): void {
    let order = Promise.resolve();
    const take = (chunk: Uint8Array): void => {
      for (const frame of frames.receive(chunk)) {
        const verdict = this.#judge(from, connection, frame);
        order = order.then(async () => {
          const outcome = await verdict;
          if (outcome !== undefined && !target.destroyed) target.write(sealer.seal(outcome));
        });
      }
    };
    source.on('data', take);
    if (rest.length > 0) take(rest);
    source.resume();
  }

  /** The frame that goes on, or undefined. */
  async #judge(from: Side, connection: number, frame: Uint8Array): Promise<Uint8Array | undefined> {
    const header = readHeader(frame);
    const { fromClient, fromServer } = this.#options.protocol;
    const table = from === 'client' ? fromClient : fromServer;
    const definition = table.find(header.extensionType, header.messageType);
    if (definition === undefined) return frame;
    const message = decodePayload(definition, frame.subarray(HEADER_SIZE), EVERY_EXTENSION);
    const relayed: Relayed = { from, connection, message, frame };
    const verdicts = this.#rules.map((rule) => rule(relayed));
    this.#seen.push(relayed);
    for (const look of this.#waiting) look(relayed);
    const verdict = await (verdicts.find((v) => v !== undefined) ?? 'pass');
    if (verdict === 'pass') return frame;
    if (verdict === 'drop') return undefined;
    return encodeFrame(table.named(verdict.type), verdict, EVERY_EXTENSION);
  }
}
