import {
  buildCoinbase,
  encodeBlock,
  encodeOutputs,
  heightPush,
  joinCoinbase,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import { type Answer, failed, type PeerGeneration, type Reply, results, type Script } from './scripted-ipc-peer.ts';

/** What the scripted node says of itself: a chain of 100 blocks, and nothing in its mempool. */
export const SCRIPTED = {
  tip: { hash: new Uint8Array(32).fill(0x11), height: 100 },
  reward: 5_000_000_000n,
  commitment: encodeOutputs([witnessCommitmentOutput([])]),
  nbits: 0x207fffff,
} as const;

const HEIGHT = SCRIPTED.tip.height + 1;
const MAX_U32 = 0xffffffff;

/** The header of its templates, on `SCRIPTED.tip`. */
export const SCRIPTED_HEADER = headerOf(SCRIPTED.tip.hash);

/** A coinbase that solves its templates as far as the client looks at it. */
export function scriptedCoinbase(extranonce: Uint8Array = new Uint8Array(8)): Uint8Array {
  const parts = buildCoinbase({
    txVersion: 2,
    scriptSigPrefix: heightPush(HEIGHT),
    extranonceSize: extranonce.length,
    sequence: MAX_U32 - 1,
    outputs: [{ value: SCRIPTED.reward, script: Uint8Array.of(0x51) }],
    templateOutputs: { count: 1, bytes: SCRIPTED.commitment },
    locktime: HEIGHT - 1,
    segwit: true,
  });
  return joinCoinbase(parts, extranonce, { segwit: true });
}

/** What a node of this generation answers, by interface and ordinal. */
export function nodeAnswers(generation: PeerGeneration): Script {
  const old = generation === '30' || generation === '30.0';
  return { ...initAnswers(old, generation === '32'), ...miningAnswers(generation), ...templateAnswers(generation) };
}

function initAnswers(old: boolean, newest: boolean): Script {
  const make =
    (hosted: 'ThreadMap' | 'Thread' | 'Mining' | 'Rpc'): Answer =>
    () =>
      results(0, 1, (answer, host) => answer.capability(0, host(hosted)));
  const mining: Script = old
    ? { 'Init@2': make('Mining') }
    : {
        'Init@2': () => failed('Old mining interface (@2) not supported. Please update your client!'),
        'Init@3': make('Mining'),
      };
  const rpc: Script = newest
    ? { 'Init@4': make('Rpc'), 'Rpc@0': () => text('{"jsonrpc":"2.0","id":1,"result":100}') }
    : {};
  return { 'Init@0': make('ThreadMap'), 'ThreadMap@0': make('Thread'), ...mining, ...rpc };
}

function miningAnswers(generation: PeerGeneration): Script {
  const tip: Answer = () =>
    results(1, 1, (answer) => {
      answer.bool(0, true);
      const block = answer.struct(0, 1, 1);
      block.i32(0, SCRIPTED.tip.height);
      block.data(0, SCRIPTED.tip.hash);
    });
  if (generation === '30' || generation === '30.0') return oldMiningAnswers(tip);
  const waits: (() => void)[] = [];
  const waitTip: Answer = async () => {
    await new Promise<void>((resolve) => waits.push(resolve));
    return results(0, 1);
  };
  const common: Script = {
    'Mining@0': () => bool(true),
    'Mining@1': () => bool(false),
    'Mining@2': tip,
    'Mining@3': waitTip,
    'Mining@4': template,
    'Mining@5': () => verdict(true),
  };
  const interrupt: Answer = () => {
    waits.shift()?.();
    return results(0, 0);
  };
  if (generation === '31') return { ...common, 'Mining@6': interrupt };
  const submit: Answer = ({ params }) =>
    params.has(0) ? verdict(true) : failed('no thread specified and no pool configured');
  const transactions: Answer = ({ params }) =>
    results(0, 1, (answer) =>
      answer.dataList(
        0,
        params.dataList(1).map(() => new Uint8Array(0)),
      ),
    );
  return { ...common, 'Mining@6': interrupt, 'Mining@7': submit, 'Mining@9': transactions };
}

/** Waits for tips have their time here, and nothing that ends them before: a moment stands for it. */
function oldMiningAnswers(tip: Answer): Script {
  return {
    'Mining@0': () => bool(true),
    'Mining@1': () => bool(false),
    'Mining@2': tip,
    'Mining@3': async (call, peer) => {
      await new Promise((resolve) => setImmediate(resolve));
      return await (tip(call, peer) ?? failed('no tip'));
    },
    'Mining@4': template,
    'Mining@5': () => verdict(true),
  };
}

function templateAnswers(generation: PeerGeneration): Script {
  const waits = new Map<number, (() => void)[]>();
  const waitNext: Answer = async ({ target }) => {
    await new Promise<void>((resolve) => waits.set(target, [...(waits.get(target) ?? []), resolve]));
    return results(0, 1);
  };
  const interruptWait: Answer = ({ target }) => {
    waits.get(target)?.shift()?.();
    return results(0, 0);
  };
  const common: Script = {
    'BlockTemplate@1': () => data(SCRIPTED_HEADER),
    'BlockTemplate@2': () => data(encodeBlock(SCRIPTED_HEADER, scriptedCoinbase(), [])),
    'BlockTemplate@3': () => results(0, 1, (answer) => answer.int64List(0, [])),
    'BlockTemplate@4': () => results(0, 1, (answer) => answer.int64List(0, [])),
  };
  const path: Answer = () => results(0, 1, (answer) => answer.dataList(0, []));
  if (generation === '30' || generation === '30.0') {
    return {
      ...common,
      'BlockTemplate@5': () => data(scriptedCoinbase()),
      'BlockTemplate@8': path,
      'BlockTemplate@9': () => bool(true),
      'BlockTemplate@10': waitNext,
      ...(generation === '30' ? { 'BlockTemplate@11': interruptWait } : {}),
    };
  }
  return {
    ...common,
    'BlockTemplate@5': coinbaseTx,
    'BlockTemplate@6': path,
    'BlockTemplate@8': waitNext,
    'BlockTemplate@9': interruptWait,
    ...submitAnswers(generation),
  };
}

function submitAnswers(generation: '31' | '32'): Script {
  if (generation === '31') return { 'BlockTemplate@7': () => bool(true) };
  return {
    'BlockTemplate@7': () => failed('Old submitSolution (@7) not supported. Please update your client!'),
    'BlockTemplate@10': () => verdict(true),
  };
}

const coinbaseTx: Answer = () =>
  results(0, 1, (answer) => {
    const coinbase = answer.struct(0, 3, 3);
    coinbase.u32(0, 2);
    coinbase.u32(4, MAX_U32 - 1);
    coinbase.i64(8, SCRIPTED.reward);
    coinbase.u32(16, HEIGHT - 1);
    coinbase.data(0, heightPush(HEIGHT));
    coinbase.data(1, new Uint8Array(32));
    coinbase.dataList(2, [SCRIPTED.commitment]);
  });

const template: Answer = () => results(0, 1, (answer, host) => answer.capability(0, host('BlockTemplate')));

/** A bool as the only result. */
export const bool = (value: boolean): Reply => results(1, 0, (answer) => answer.bool(0, value));
export const data = (bytes: Uint8Array): Reply => results(0, 1, (answer) => answer.data(0, bytes));
export const text = (value: string): Reply => results(0, 1, (answer) => answer.text(0, value));
/** What checkBlock, submitBlock and the newest submitSolution answer. */
export function verdict(ok: boolean, reason = '', debug = ''): Reply {
  return results(1, 2, (answer) => {
    answer.bool(0, ok);
    answer.text(0, reason);
    answer.text(1, debug);
  });
}

/** A template's header on a tip. */
export function headerOf(prevHash: Uint8Array): Uint8Array {
  const header = new Uint8Array(80);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x20000000, true);
  header.set(prevHash, 4);
  view.setUint32(68, 1_700_000_000, true);
  view.setUint32(72, SCRIPTED.nbits, true);
  return header;
}
