import { heightPush, merklePathOf, sameBytes, sha256d } from '@sv2kit/bitcoin';
import {
  type PeerCall,
  type PeerGeneration,
  type Reply,
  results,
  ScriptedIpcPeer,
  type Script,
} from './scripted-ipc-peer.ts';
import { data, headerOf, SCRIPTED } from './scripted-node.ts';

interface State {
  readonly tip: { readonly hash: Uint8Array; readonly height: number };
  /** Fees of its transactions, in satoshis; each is another transaction. */
  readonly fees: readonly bigint[];
}

/** Something that waits at the node. */
interface Wait {
  readonly call: PeerCall;
  readonly answer: (reply: Reply) => void;
}

const SUBSIDY = 5_000_000_000n;

/** A scripted peer whose chain and mempool a test moves. */
export class SteeredIpcPeer implements AsyncDisposable {
  state: State = { tip: SCRIPTED.tip, fees: [] };
  readonly peer: ScriptedIpcPeer;
  readonly #waits = new Map<'waitNext' | 'tip', Set<Wait>>([
    ['waitNext', new Set()],
    ['tip', new Set()],
  ]);
  readonly #templates = new Map<number, State>();

  static async start(generation: PeerGeneration, script: Script = {}): Promise<SteeredIpcPeer> {
    // The peer's answers need this object, and this object the peer.
    const held: { steered?: SteeredIpcPeer } = {};
    const answers: Script = {
      'Mining@2': () => held.steered?.tipReply(true),
      'Mining@3': (call) => held.steered?.waitTip(call),
      'Mining@4': () => held.steered?.template(),
      'Mining@6': () => held.steered?.interruptTip(),
      'BlockTemplate@1': ({ target }) => held.steered?.of(target, ({ tip }) => data(headerOf(tip.hash))),
      'BlockTemplate@5': ({ target }) => held.steered?.of(target, coinbaseReply),
      'BlockTemplate@6': ({ target }) => held.steered?.of(target, pathReply),
      'BlockTemplate@8': (call) => held.steered?.wait('waitNext', call),
      'BlockTemplate@9': ({ target }) => held.steered?.interrupt(target),
    };
    const steered = new SteeredIpcPeer(await ScriptedIpcPeer.start(generation, { ...answers, ...script }));
    held.steered = steered;
    return steered;
  }

  private constructor(peer: ScriptedIpcPeer) {
    this.peer = peer;
  }

  get path(): string {
    return this.peer.path;
  }

  /** How often this was called. */
  count(name: string): number {
    return this.peer.names.filter((called) => called === name).length;
  }

  /** Resolves when so many wait for another template. */
  async waiting(count = 1): Promise<readonly PeerCall[]> {
    const waits = this.#waits.get('waitNext') ?? new Set();
    while (waits.size < count) await new Promise((resolve) => setImmediate(resolve));
    return [...waits].map(({ call }) => call);
  }

  /** Another best block: all waits end. */
  newTip(byte: number, height = this.state.tip.height + 1): void {
    this.state = { ...this.state, tip: { hash: new Uint8Array(32).fill(byte), height } };
    this.#end('tip', () => this.tipReply(false));
    this.#end('waitNext', () => this.template());
  }

  /** Better fees, for those who wait for them. */
  newFees(...fees: readonly bigint[]): void {
    this.state = { ...this.state, fees };
    this.#end('waitNext', () => this.template());
  }

  /** The node's time is up: it has nothing better. */
  timeOut(): void {
    this.#end('waitNext', () => results(0, 1));
  }

  template(): Reply {
    const { state } = this;
    return results(0, 1, (answer, host) => {
      const made = host('BlockTemplate');
      this.#templates.set(made.id, state);
      answer.capability(0, made);
    });
  }

  tipReply(hasResult: boolean): Reply {
    const { tip } = this.state;
    return results(hasResult ? 1 : 0, 1, (answer) => {
      if (hasResult) answer.bool(0, true);
      const block = answer.struct(0, 1, 1);
      block.i32(0, tip.height);
      block.data(0, tip.hash);
    });
  }

  of(target: number, answer: (state: State) => Reply): Reply {
    return answer(this.#templates.get(target) ?? this.state);
  }

  waitTip(call: PeerCall): Reply | Promise<Reply> {
    const isCurrent = sameBytes(call.params.data(1), this.state.tip.hash);
    return isCurrent ? this.wait('tip', call) : this.tipReply(false);
  }

  wait(kind: 'waitNext' | 'tip', call: PeerCall): Promise<Reply> {
    return new Promise((answer) => this.#waits.get(kind)?.add({ call, answer }));
  }

  interrupt(target: number): Reply {
    const waits = this.#waits.get('waitNext') ?? new Set();
    const wait = [...waits].find(({ call }) => call.target === target);
    if (wait !== undefined) {
      waits.delete(wait);
      wait.answer(results(0, 1));
    }
    return results(0, 0);
  }

  /** Ends all connections as a killed node does. */
  disconnect(): void {
    for (const waits of this.#waits.values()) waits.clear();
    this.peer.disconnect();
  }

  interruptTip(): Reply {
    this.#end('tip', () => results(0, 1));
    return results(0, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer[Symbol.asyncDispose]();
  }

  #end(kind: 'waitNext' | 'tip', reply: () => Reply): void {
    const waits = this.#waits.get(kind) ?? new Set();
    for (const wait of waits) wait.answer(reply());
    waits.clear();
  }
}

function coinbaseReply({ tip, fees }: State): Reply {
  return results(0, 1, (answer) => {
    const coinbase = answer.struct(0, 3, 3);
    coinbase.u32(0, 2);
    coinbase.u32(4, 0xfffffffe);
    coinbase.i64(8, SUBSIDY + fees.reduce((sum, fee) => sum + fee, 0n));
    coinbase.u32(16, tip.height);
    coinbase.data(0, heightPush(tip.height + 1));
    coinbase.data(1, new Uint8Array(32));
    coinbase.dataList(2, [SCRIPTED.commitment]);
  });
}

function pathReply({ fees }: State): Reply {
  const txids = fees.map((fee) => sha256d(new TextEncoder().encode(String(fee))));
  return results(0, 1, (answer) => answer.dataList(0, merklePathOf(txids)));
}
