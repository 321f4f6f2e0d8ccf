import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FrameReader, MessageBuilder, MessageReader, type StructBuilder, type StructReader } from '@sv2kit/capnp';
import { nodeAnswers } from './scripted-node.ts';

/** What the peer hosts. */
export type Hosted = 'Init' | 'ThreadMap' | 'Thread' | 'Mining' | 'BlockTemplate' | 'Rpc';

/** A call as it came. */
export interface PeerCall {
  readonly hosted: Hosted;
  readonly ordinal: number;
  /** The import id of what was called: which template, which thread. */
  readonly target: number;
  readonly params: StructReader;
  /** Calls that came before on any connection. */
  readonly index: number;
}

export type Reply =
  | {
      readonly kind: 'results';
      readonly dataWords: number;
      readonly pointers: number;
      /** `host` makes something that can be called. */
      readonly write: (results: StructBuilder, host: (hosted: Hosted) => { readonly id: number }) => void;
    }
  | { readonly kind: 'exception'; readonly type: ExceptionType; readonly reason: string }
  /** No answer, ever. */
  | { readonly kind: 'silence' }
  /** An Abort, and the end of the connection. */
  | { readonly kind: 'abort'; readonly reason: string }
  /** These bytes, whatever they are. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** The end of the connection without a word: what a killed node does. */
  | { readonly kind: 'disconnect' };

const EXCEPTIONS = ['failed', 'overloaded', 'disconnected', 'unimplemented'] as const;
export type ExceptionType = (typeof EXCEPTIONS)[number];

/** Answers a call; undefined where the method does not exist. */
export type Answer = (call: PeerCall, peer: ScriptedIpcPeer) => Reply | Promise<Reply> | undefined;
/** By `Interface@ordinal`. */
export type Script = Readonly<Record<`${Hosted}@${number}`, Answer>>;

/** Which schema the peer speaks; `30.0` lacks interruptWait, `32` has submitSolution at 10. */
export type PeerGeneration = '30.0' | '30' | '31' | '32';

export const unimplemented: Reply = { kind: 'exception', type: 'unimplemented', reason: 'Method not implemented.' };
export const silence: Reply = { kind: 'silence' };
export const failed = (reason: string): Reply => ({ kind: 'exception', type: 'failed', reason });
/** Results of the size given. */
export function results(
  dataWords: number,
  pointers: number,
  write: Extract<Reply, { kind: 'results' }>['write'] = () => {},
): Reply {
  return { kind: 'results', dataWords, pointers, write };
}

/**
 * A node's IPC socket that answers from a script: by itself as a small regtest node of one generation would, else as the
 * test says. For what a real node cannot be made to do.
 */
export class ScriptedIpcPeer implements AsyncDisposable {
  readonly path: string;
  /** Every call so far, oldest first. */
  readonly calls: PeerCall[] = [];
  /** Bytes that are sent to each new connection before anything else. */
  greeting: Uint8Array | undefined;
  readonly #folder: string;
  readonly #server: Server;
  readonly #answers: Script;
  readonly #connections = new Set<PeerConnection>();
  readonly #onCall = new Set<() => void>();

  /** @param script answers that differ from a node's of this generation */
  static async start(generation: PeerGeneration, script: Script = {}): Promise<ScriptedIpcPeer> {
    const folder = await mkdtemp(join(tmpdir(), 'ipc-'));
    const peer = new ScriptedIpcPeer(folder, { ...nodeAnswers(generation), ...script });
    await new Promise<void>((resolve) => peer.#server.listen(peer.path, resolve));
    // It has been there for long: nodes of version 30 are left alone while they start.
    await utimes(peer.path, 0, 0);
    return peer;
  }

  private constructor(folder: string, answers: Script) {
    this.#folder = folder;
    this.path = join(folder, 'node.sock');
    this.#answers = answers;
    this.#server = createServer((socket) => {
      if (this.greeting !== undefined) socket.write(this.greeting);
      const connection = new PeerConnection(socket, (call) => this.#answer(call));
      this.#connections.add(connection);
      socket.on('close', () => this.#connections.delete(connection));
    });
  }

  /** Names of the calls so far: `BlockTemplate@8`. */
  get names(): readonly string[] {
    return this.calls.map(({ hosted, ordinal }) => `${hosted}@${ordinal}`);
  }

  /** References that clients hold of what is hosted, without the main interface. */
  get references(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.references, 0);
  }

  /** Resolves when a method was called so many times. */
  async called(name: string, times = 1): Promise<void> {
    while (this.names.filter((known) => known === name).length < times) {
      await new Promise<void>((resolve) => this.#onCall.add(resolve));
    }
  }

  /** Ends all connections as a killed node does, and goes on listening. */
  disconnect(): void {
    for (const connection of this.#connections) connection.end();
  }

  /** Stops listening and ends all connections; the socket's file stays, as after a crash, unless removed with the peer. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.disconnect();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answer(call: Omit<PeerCall, 'index'>): Promise<Reply> {
    const known = { ...call, index: this.calls.length };
    this.calls.push(known);
    for (const resolve of this.#onCall) resolve();
    this.#onCall.clear();
    return (await this.#answers[`${call.hosted}@${call.ordinal}`]?.(known, this)) ?? unimplemented;
  }
}

const MESSAGE = { abort: 1, call: 2, return: 3, finish: 4, release: 6, bootstrap: 8 } as const;

/** The hosting side of one connection: just what a client of ours needs. */
class PeerConnection {
  readonly #socket: Socket;
  readonly #answer: (call: Omit<PeerCall, 'index'>) => Promise<Reply>;
  readonly #hosted = new Map<number, { readonly hosted: Hosted; references: number }>();
  #nextId = 0;

  constructor(socket: Socket, answer: (call: Omit<PeerCall, 'index'>) => Promise<Reply>) {
    this.#socket = socket;
    this.#answer = answer;
    const frames = new FrameReader();
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.receive(chunk)) this.#onMessage(new MessageReader(frame).root);
    });
  }

  get references(): number {
    return [...this.#hosted.values()].reduce((sum, { references }) => sum + references, 0);
  }

  end(): void {
    this.#socket.destroy();
  }

  #onMessage(message: StructReader): void {
    const body = message.struct(0);
    switch (message.u16(0)) {
      case MESSAGE.bootstrap:
        return this.#send(this.#mainInterface(body.u32(0)));
      case MESSAGE.call:
        return void this.#onCall(body);
      case MESSAGE.release:
        return this.#release(body.u32(0), body.u32(4));
    }
  }

  async #onCall(call: StructReader): Promise<void> {
    const target = call.struct(0).u32(0);
    const hosted = this.#hosted.get(target)?.hosted;
    if (hosted === undefined) throw new Error(`a call to ${target}, which is not hosted any more`);
    const params = call.struct(1).struct(0);
    const reply = await this.#answer({ hosted, ordinal: call.u16(4), target, params });
    if (this.#socket.destroyed) return;
    switch (reply.kind) {
      case 'results':
        return this.#send(this.#results(call.u32(0), reply));
      case 'exception':
        return this.#send(exceptionFrame(call.u32(0), reply));
      case 'silence':
        return;
      case 'abort':
        this.#send(abortFrame(reply.reason));
        return void this.#socket.end();
      case 'bytes':
        return this.#send(reply.bytes);
      case 'disconnect':
        return this.end();
    }
  }

  /** Releases more than there is, or what is not there, would end a real node's connection. */
  #release(id: number, count: number): void {
    const known = this.#hosted.get(id);
    if (known === undefined || known.references < count)
      throw new Error(`${count} references too many of ${id} released`);
    known.references -= count;
    if (known.references === 0) this.#hosted.delete(id);
  }

  #host(hosted: Hosted): { readonly id: number } {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#hosted.set(id, { hosted, references: 1 });
    return { id };
  }

  #mainInterface(question: number): Uint8Array {
    const message = new MessageBuilder();
    const payload = returnOf(message, question).struct(0, 0, 2);
    payload.capability(0, this.#host('Init'));
    return withCapabilities(message, payload);
  }

  #results(question: number, { dataWords, pointers, write }: Extract<Reply, { kind: 'results' }>): Uint8Array {
    const message = new MessageBuilder();
    const payload = returnOf(message, question).struct(0, 0, 2);
    write(payload.struct(0, dataWords, pointers), (hosted) => this.#host(hosted));
    return withCapabilities(message, payload);
  }

  #send(frame: Uint8Array): void {
    this.#socket.write(frame);
  }
}

function returnOf(message: MessageBuilder, question: number): StructBuilder {
  const root = message.root(1, 1);
  root.u16(0, MESSAGE.return);
  const answer = root.struct(0, 2, 1);
  answer.u32(0, question);
  return answer;
}

function withCapabilities(message: MessageBuilder, payload: StructBuilder): Uint8Array {
  const { capabilities } = message;
  const table = payload.structList(1, capabilities.length, 1, 1);
  for (const [index, entry] of table.entries()) {
    entry.u16(0, 1);
    entry.u32(4, capabilities[index]?.id ?? 0);
  }
  return message.frame();
}

function exceptionFrame(question: number, { type, reason }: Extract<Reply, { kind: 'exception' }>): Uint8Array {
  const message = new MessageBuilder();
  const answer = returnOf(message, question);
  answer.u16(6, 1);
  const exception = answer.struct(0, 1, 2);
  exception.u16(4, EXCEPTIONS.indexOf(type));
  exception.text(0, reason);
  return message.frame();
}

function abortFrame(reason: string): Uint8Array {
  const message = new MessageBuilder();
  const root = message.root(1, 1);
  root.u16(0, MESSAGE.abort);
  const exception = root.struct(0, 1, 2);
  exception.text(0, reason);
  return message.frame();
}
