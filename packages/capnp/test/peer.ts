import {
  type Capability,
  FrameReader,
  MessageBuilder,
  MessageReader,
  type Method,
  RpcConnection,
} from '../src/index.ts';
import type { CapnpLimits, RpcErrorType, StructBuilder, StructReader } from '../src/index.ts';

/** What the connection sent, told in the words of rpc.capnp. */
export type Told =
  | { readonly kind: 'bootstrap' | 'unimplemented'; readonly id: number }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly target: number;
      readonly method: string;
      readonly capabilities: readonly number[];
    }
  | { readonly kind: 'finish'; readonly id: number; readonly releaseResultCaps: boolean }
  | { readonly kind: 'release'; readonly id: number; readonly references: number }
  | { readonly kind: 'return' | 'abort'; readonly id: number; readonly type: number; readonly reason: string };

export const TYPES: readonly RpcErrorType[] = ['failed', 'overloaded', 'disconnected', 'unimplemented'];

/** An entry of a table of capabilities: an id that the peer hosts, none, or a kind of its own. */
export type Entry = number | undefined | { readonly kind: number; readonly id: number };

export interface Results {
  readonly capabilities?: readonly Entry[];
  /** Sets the pointer to the content: pointer 0 of the payload. */
  readonly content?: (payload: StructBuilder) => void;
  readonly noFinishNeeded?: boolean;
}

/** The other end of a connection, driven by hand. It has no state: it says whatever it is told to say. */
export class Peer {
  readonly connection: RpcConnection;
  readonly ends: Error[] = [];
  readonly #frames = new FrameReader();
  #told: Told[] = [];
  /** Runs for every message that the connection sends. */
  onTold: (told: Told) => void = () => {};

  constructor(limits?: CapnpLimits) {
    this.connection = new RpcConnection({
      send: (bytes) => {
        for (const frame of this.#frames.receive(bytes)) {
          const told = tell(new MessageReader(frame).root);
          this.#told.push(told);
          this.onTold(told);
        }
      },
      onEnd: (error) => this.ends.push(error),
      ...(limits === undefined ? {} : { limits }),
    });
  }

  /** What was sent since the last time. */
  told(): readonly Told[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  say(write: (root: StructBuilder) => void): void {
    this.connection.receive(messageOf(write));
  }

  results(id: number, results: Results = {}): void {
    this.say((root) => writeResults(root, id, results));
  }

  exception(id: number, type: number, reason: string): void {
    this.say((root) => {
      const answer = writeReturn(root, id, 1);
      writeException(answer.struct(0, 1, 2), type, reason);
    });
  }

  /** An answer of a kind that has no content here. */
  answer(id: number, kind: number): void {
    this.say((root) => writeReturn(root, id, kind));
  }

  abort(type: number, reason: string): void {
    this.say((root) => {
      root.u16(0, 1);
      writeException(root.struct(0, 1, 2), type, reason);
    });
  }

  /** Bootstraps: the main interface is import 0. */
  async main(): Promise<Capability> {
    const main = this.connection.bootstrap();
    this.results(0, { capabilities: [0], content: (payload) => payload.capability(0, { id: 0 }) });
    this.told();
    return main;
  }
}

/** A method without parameters and results, with what a test needs of either. */
export const method = <T = undefined>(rest: Partial<Method<T>> & Pick<Method<T>, 'results'>): Method<T> => ({
  name: 'Test.method',
  interfaceId: 0xfedcba9876543210n,
  id: 7,
  ...rest,
});

export const VOID: Method<undefined> = method({ results: () => undefined });

export function messageOf(write: (root: StructBuilder) => void): Uint8Array {
  const message = new MessageBuilder();
  write(message.root(1, 1));
  return message.frame();
}

export function writeResults(root: StructBuilder, id: number, results: Results): void {
  const answer = writeReturn(root, id, 0);
  answer.bool(33, results.noFinishNeeded ?? false);
  const payload = answer.struct(0, 0, 2);
  results.content?.(payload);
  const entries = results.capabilities ?? [];
  if (entries.length === 0) return;
  const table = payload.structList(1, entries.length, 1, 1);
  for (const [i, entry] of entries.entries()) {
    const { kind, id: hosted } =
      typeof entry === 'object' ? entry : { kind: entry === undefined ? 0 : 1, id: entry ?? 0 };
    table[i]?.u16(0, kind);
    table[i]?.u32(4, hosted);
  }
}

function writeReturn(root: StructBuilder, id: number, kind: number): StructBuilder {
  root.u16(0, 3);
  const answer = root.struct(0, 2, 1);
  answer.u32(0, id);
  answer.u16(6, kind);
  return answer;
}

function writeException(exception: StructBuilder, type: number, reason: string): void {
  exception.u16(4, type);
  exception.text(0, reason);
}

function tell(root: StructReader): Told {
  const kind = root.u16(0);
  const body = root.struct(0);
  const id = body.u32(0);
  if (kind === 0) return { kind: 'unimplemented', id: body.u16(0) };
  if (kind === 1) return { kind: 'abort', id: 0, type: body.u16(4), reason: body.text(0) };
  if (kind === 2) return tellCall(body);
  if (kind === 3) return { kind: 'return', id, type: body.struct(0).u16(4), reason: body.struct(0).text(0) };
  if (kind === 4) return { kind: 'finish', id, releaseResultCaps: body.bool(32, true) };
  if (kind === 6) return { kind: 'release', id, references: body.u32(4) };
  if (kind === 8) return { kind: 'bootstrap', id };
  throw new Error(`the connection sent a message of kind ${kind}`);
}

function tellCall(call: StructReader): Told {
  const target = call.struct(0);
  if (target.u16(4) !== 0) throw new Error('the target of a call is no import');
  const entries = call.struct(1).structList(1);
  if (entries.some((entry) => entry.u16(0) !== 3)) throw new Error('something was exported');
  return {
    kind: 'call',
    id: call.u32(0),
    target: target.u32(0),
    method: `${call.u64(8).toString(16)}@${call.u16(4)}`,
    capabilities: entries.map((entry) => entry.u32(4)),
  };
}
