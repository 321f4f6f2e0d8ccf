import { parseOptions, UsageError } from '@sv2kit/daemon';
import type { PrivateChain } from '@sv2kit/bitcoind';

/** What was asked for. */
export interface StackOptions {
  readonly chain: PrivateChain;
  /** End with success after so many blocks; run until stopped when absent. */
  readonly blocks?: number;
  readonly devices: number;
  /** Everything the stack writes is below it, the report aside. */
  readonly dataDir: string;
  readonly report?: string;
  readonly bitcoind?: string;
  readonly deadlineSeconds?: number;
  readonly json: boolean;
  readonly ports: {
    readonly templateProvider?: number;
    readonly pool?: number;
    readonly monitoring?: number;
  };
}

const DEFAULT_DATA_DIR = '.sv2kit/stack';
const DEFAULT_DEVICES = 2;
const DEFAULT_DEADLINE_SECONDS = 600;
const MAX_DEVICES = 64;

export const stackHelp = `Runs the whole stack on this machine: a bitcoind of its own, a template provider, a pool and mining devices, each
a process of its own, talking encrypted Stratum V2, mining blocks on a private chain.

Usage: sv2kit stack [OPTIONS]      (in the repository: npm run stack -- [OPTIONS])

      --blocks N                  end with success once bitcoind's best chain holds N blocks of this run, and each kind
                                  of channel in use has found one; without it the stack runs until Ctrl-C
      --deadline SECONDS          end with failure when it takes longer; ${DEFAULT_DEADLINE_SECONDS} with --blocks, else none
      --devices N                 how many mining devices, with standard and extended channels by turns; ${DEFAULT_DEVICES} by default
      --regtest                   a regtest chain, where nearly every share is a block; by default a private signet,
                                  where shares are many and blocks are few
      --data DIR                  where everything is kept; ${DEFAULT_DATA_DIR} by default
      --report FILE               write what happened as JSON: blocks, shares, roles, latency
      --bitcoind PATH             the bitcoind to run; by default $BITCOIND, then the PATH, then one that is downloaded
      --json                      one line of JSON per event instead of text
      --template-provider-port N  where the template provider listens; 8442 by default
      --pool-port N               where the pool listens; 3336 by default
      --monitoring-port N         where the first role is monitored, the others on the ports after it; 9080 by default

A default port that is taken is replaced by a free one; a port asked for that is taken is an error.

In DIR: configs/*.toml, a working configuration of every role; logs/*.log; keys/; the chain; the pool's journal.

Examples:
  sv2kit stack
  sv2kit stack --blocks 5 --report out.json
  sv2kit stack --regtest --devices 4 --blocks 20
  sv2kit stack --bitcoind /opt/bitcoin/bin/bitcoind --data /tmp/stack

Exit codes: 0 done or stopped as asked, 1 failed or too late, 2 wrong usage, 130 or 143 interrupted before --blocks.
`;

const OPTIONS = {
  blocks: { type: 'string' },
  deadline: { type: 'string' },
  devices: { type: 'string' },
  regtest: { type: 'boolean' },
  data: { type: 'string' },
  report: { type: 'string' },
  bitcoind: { type: 'string' },
  json: { type: 'boolean' },
  'template-provider-port': { type: 'string' },
  'pool-port': { type: 'string' },
  'monitoring-port': { type: 'string' },
} as const;

/** @throws UsageError */
export function parseStackOptions(argv: readonly string[]): StackOptions {
  const { values } = parseOptions(argv, OPTIONS);
  const whole = (name: keyof typeof values, min: number, max: number): number | undefined => {
    const given = values[name];
    if (typeof given !== 'string') return undefined;
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= min && value <= max) return value;
    throw new UsageError(`--${name} ${given}: a whole number from ${min} to ${max} is wanted`);
  };
  const blocks = whole('blocks', 1, 1_000_000);
  const deadlineSeconds =
    whole('deadline', 1, 10_000_000) ?? (blocks === undefined ? undefined : DEFAULT_DEADLINE_SECONDS);
  for (const name of ['data', 'report', 'bitcoind'] as const) {
    if (values[name] === '') throw new UsageError(`--${name}: a path is wanted`);
  }
  return {
    chain: values.regtest === true ? 'regtest' : 'signet',
    devices: whole('devices', 1, MAX_DEVICES) ?? DEFAULT_DEVICES,
    dataDir: values.data ?? DEFAULT_DATA_DIR,
    json: values.json === true,
    ports: defined({
      templateProvider: whole('template-provider-port', 1, 65_535),
      pool: whole('pool-port', 1, 65_535),
      monitoring: whole('monitoring-port', 1, 65_535),
    }),
    ...defined({ blocks, deadlineSeconds, report: values.report, bitcoind: values.bitcoind }),
  };
}

/** The entries that have a value. */
function defined<T extends Record<string, unknown>>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
