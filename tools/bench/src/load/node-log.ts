import type { TestNode } from '@sv2kit/regtest';

/** Options that make a node write down when it had a tip and when a template was made; behind them no line is held back. */
export const TIMES_IN_LOG = ['-debug=bench', '-logtimemicros=1', '-logratelimit=0'];

/** What a node did with a block, in unix milliseconds. */
export interface NodeTimes {
  /** The block was its tip. */
  readonly tip: number;
  /** The first template with transactions on it was made. */
  readonly template: number;
  /** How long the making took. */
  readonly templateMs: number;
}

const TIP = /^(\S+) UpdateTip: new best=([0-9a-f]{64})/;
const WEIGHT = /CreateNewBlock\(\): block weight: (\d+)/;
const MADE = /^(\S+) \[bench\] CreateNewBlock\(\) .*\(total ([\d.]+)ms\)/;
/** Heavier than a template without transactions is with all that is kept free. */
const NOT_EMPTY = 20_000;

/** By hash of the tip, as the node shows it. */
export async function nodeTimes(node: TestNode): Promise<ReadonlyMap<string, NodeTimes>> {
  return timesOf(await node.log());
}

/** @param log - as a node with `TIMES_IN_LOG` writes it */
export function timesOf(log: string): ReadonlyMap<string, NodeTimes> {
  const found = new Map<string, NodeTimes>();
  let tip: { readonly hash: string; readonly ms: number } | undefined;
  let weight = 0;
  for (const line of log.split('\n')) {
    const [, at, hash] = TIP.exec(line) ?? [];
    if (at !== undefined && hash !== undefined) tip = { hash, ms: unixMs(at) };
    weight = Number(WEIGHT.exec(line)?.[1] ?? weight);
    const [, madeAt, total] = MADE.exec(line) ?? [];
    if (madeAt === undefined || tip === undefined || weight < NOT_EMPTY || found.has(tip.hash)) continue;
    found.set(tip.hash, { tip: tip.ms, template: unixMs(madeAt), templateMs: Number(total) });
  }
  return found;
}

/** Of a time like 2026-08-01T12:00:00.123456Z, with its microseconds. */
function unixMs(text: string): number {
  const [, seconds, fraction = '0'] = /^(.*?)(?:\.(\d+))?Z$/.exec(text) ?? [];
  return Date.parse(`${seconds}Z`) + Number(`0.${fraction}`) * 1000;
}
