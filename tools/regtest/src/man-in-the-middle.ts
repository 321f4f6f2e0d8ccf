import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import {
  decodePayload,
  DecodeError,
  encodeFrame,
  HEADER_SIZE,
  type MessageDefinition,
  type MessageOf,
  type Protocol,
  readHeader,
} from '@sv2kit/codec';
import { ephemeralKey } from '@sv2kit/net';
import {
  ACT1_SIZE,
  ACT2_SIZE,
  finishInitiator,
  respond,
  type ServerIdentity,
  startInitiator,
  type TransportKeys,
} from '@sv2kit/noise';
import { within } from './deadline.ts';
import { Lane } from './lane.ts';
import { Mailbox } from './mailbox.ts';
import { readExactly } from './read-exactly.ts';

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

type Outcome = 'pass' | 'drop' | AnyMessage;
/** What becomes of a message: it passes, never arrives, arrives changed, or arrives when the promise is kept. */
export type Verdict = Outcome | Promise<Outcome>;
export type Rule = (relayed: Relayed) => Verdict | undefined;

/** A message that is being held back, with all that is sent behind it. */
export interface Held extends Disposable {
  /** The message, once it has come. @throws DeadlineError */
  caught(): Promise<Relayed>;
  /** Lets it go on. */
  release(): void;
}

export interface MiddleOptions {
  readonly protocol: Protocol;
  readonly upstream: { readonly host: string; readonly port: number };
  /** What it shows to clients: a key certified by the authority that they trust. */
  readonly identity: ServerIdentity;
}

/** Both directions of one connection, by who speaks. */
type Lanes = Readonly<Record<Side, Lane>>;

const EVERY_EXTENSION = new Set([1, 2]);
const EVERYTHING = () => true;

/**
 * Sits between an SV2 client and its server, speaks Noise with both, and sees every message in the clear.
 * Tests wait for messages, and drop, change or delay them. Frames that nobody touches pass byte for byte.
 */
export class ManInTheMiddle implements AsyncDisposable {
  readonly #options: MiddleOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #messages = new Mailbox<Relayed>(({ from, message }) => `${message.type} of the ${from}`);
  readonly #lanes = new Map<number, Lanes>();
  readonly #rules: Rule[] = [];
  #connections = 0;
  /** Whether who comes is let through. */
  open = true;

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

  /** Connections that clients have made so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Everything that passed so far, in order. */
  get seen(): readonly Relayed[] {
    return this.#messages.items;
  }

  /** The first message, already seen or to come, that matches. @throws DeadlineError */
  message(type: string, match: (relayed: Relayed) => boolean = EVERYTHING): Promise<Relayed> {
    return this.#messages.first(type, (relayed) => relayed.message.type === type && match(relayed));
  }

  /** The next message that matches, behind all that earlier calls have passed over. @throws DeadlineError */
  next(type: string, match: (relayed: Relayed) => boolean = EVERYTHING): Promise<Relayed> {
    return this.#messages.next(type, (relayed) => relayed.message.type === type && match(relayed));
  }

  /** What has been seen is passed over by `next`. */
  skip(): void {
    this.#messages.skip();
  }

  /** Asks `rule` about every message from now on; the first rule with a verdict decides. */
  intercept(rule: Rule): Disposable {
    this.#rules.push(rule);
    return { [Symbol.dispose]: () => void this.#rules.splice(this.#rules.indexOf(rule), 1) };
  }

  /** Holds back the next message that matches, and with it all that its sender sends behind it. */
  hold(type: string, match: (relayed: Relayed) => boolean = EVERYTHING): Held {
    const caught = Promise.withResolvers<Relayed>();
    const freed = Promise.withResolvers<'pass'>();
    let one = false;
    const rule = this.intercept((relayed) => {
      if (one || relayed.message.type !== type || !match(relayed)) return undefined;
      one = true;
      caught.resolve(relayed);
      return freed.promise;
    });
    const release = (): void => {
      rule[Symbol.dispose]();
      freed.resolve('pass');
    };
    return { caught: () => within(`${type} to hold`, caught.promise), release, [Symbol.dispose]: release };
  }

  /** Says something to one side in the other's name, on the latest connection. */
  inject(from: Side, message: AnyMessage): void {
    this.injectFrame(from, encodeFrame(this.#table(from).named(message.type), message, EVERY_EXTENSION));
  }

  /** As `inject`, with any frame: header and payload. */
  injectFrame(from: Side, frame: Uint8Array): void {
    const lanes = this.#lanes.get(this.#connections - 1);
    if (lanes === undefined) throw new Error('there is no connection to speak on');
    lanes[from].push(Promise.resolve(frame));
  }

  /** Cuts every connection, as a failing network would. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#messages.close('the man in the middle has gone');
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(client: Socket): Promise<void> {
    if (!this.open) {
      client.on('error', () => {}).resetAndDestroy();
      return;
    }
    const connection = this.#connections;
    this.#connections += 1;
    const server = connect({ ...this.#options.upstream, noDelay: true });
    client.setNoDelay(true);
    this.#tie(client, server);
    const [towardsClient, towardsServer] = await this.#shakeHands(client, server);
    const judge = (from: Side) => (frame: Uint8Array) => this.#judge(from, connection, frame);
    this.#lanes.set(connection, {
      client: new Lane({
        source: client,
        receiveKey: towardsClient.receiveKey,
        target: server,
        sendKey: towardsServer.sendKey,
        judge: judge('client'),
      }),
      server: new Lane({
        source: server,
        receiveKey: towardsServer.receiveKey,
        target: client,
        sendKey: towardsClient.sendKey,
        judge: judge('server'),
      }),
    });
    server.once('close', () => this.#lanes.delete(connection));
  }

  /** One socket's failure is the other's; an orderly end goes through the lanes. */
  #tie(client: Socket, server: Socket): void {
    for (const [socket, other] of [[client, server] as const, [server, client] as const]) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!socket.readableEnded) other.destroy();
      });
    }
  }

  async #shakeHands(client: Socket, server: Socket): Promise<[client: TransportKeys, server: TransportKeys]> {
    const act1 = await readExactly(client, ACT1_SIZE);
    const { act2, ...towardsClient } = respond(act1, ephemeralKey(), this.#options.identity);
    const { act1: ownAct1, state } = startInitiator(ephemeralKey());
    server.write(ownAct1);
    const towardsServer = finishInitiator(state, await readExactly(server, ACT2_SIZE), { now: 0 });
    client.write(act2);
    return [towardsClient, towardsServer];
  }

  #table(from: Side) {
    const { fromClient, fromServer } = this.#options.protocol;
    return from === 'client' ? fromClient : fromServer;
  }

  /** The frame that goes on, or undefined. */
  async #judge(from: Side, connection: number, frame: Uint8Array): Promise<Uint8Array | undefined> {
    const message = this.#decode(from, frame);
    if (message === undefined) return frame;
    const relayed: Relayed = { from, connection, message, frame };
    const verdict = this.#rules.map((rule) => rule(relayed)).find((each) => each !== undefined);
    this.#messages.put(relayed);
    const outcome = (await verdict) ?? 'pass';
    if (outcome === 'pass') return frame;
    if (outcome === 'drop') return undefined;
    return encodeFrame(this.#table(from).named(outcome.type), outcome, EVERY_EXTENSION);
  }

  /** Undefined for what is no message of that side: it is not for us to judge. */
  #decode(from: Side, frame: Uint8Array): AnyMessage | undefined {
    const { extensionType, messageType } = readHeader(frame);
    const definition = this.#table(from).find(extensionType, messageType);
    try {
      return definition && decodePayload(definition, frame.subarray(HEADER_SIZE), EVERY_EXTENSION);
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  }
}
