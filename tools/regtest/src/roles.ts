// Configurations of roles as scenarios need them: everything on loopback, on free ports, as quick as there is.
import { displayHash, targetFromBigint } from '@sv2kit/bitcoin';
import type { PrivateChain } from '@sv2kit/bitcoind';
import { createMiningDevice, miningDeviceConfig } from '@sv2kit/mining-device';
import { createPool, poolConfig } from '@sv2kit/pool';
import { createTemplateProvider, templateProviderConfig } from '@sv2kit/template-provider';
import type { NodeDoor } from './node.ts';

export const templateProvider = {
  name: 'template-provider',
  config: templateProviderConfig,
  create: createTemplateProvider,
} as const;
export const pool = { name: 'pool', config: poolConfig, create: createPool } as const;
export const miningDevice = { name: 'mining-device', config: miningDeviceConfig, create: createMiningDevice } as const;

/** BIP173's example key on regtest: where every pool of a scenario pays. */
export const PAYOUT_ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
/** The script of that key, on whatever chain, in hex. */
export const PAYOUT_SCRIPT = '0014751e76e8199196d454941c45d1b3a323f1433bd6';
export const POOL_TAG = '/scenario/';

export const quoted = (text: string): string => JSON.stringify(text);
export const lines = (...parts: readonly (string | readonly string[])[]): string => parts.flat().join('\n');

export interface TemplateProviderSettings {
  readonly node: NodeDoor;
  readonly dataDir: string;
  readonly authoritySecretFile: string;
  /** 0: any that is free. */
  readonly port?: number;
  readonly maxClients?: number;
  /** Seconds between two templates of one tip. */
  readonly feeInterval?: number;
  readonly emptyAhead?: 'named' | 'never';
  /** More tables, whole. */
  readonly more?: string;
}

/** Any higher fee is news at once. */
export function templateProviderToml(settings: TemplateProviderSettings): string {
  const { node, dataDir, authoritySecretFile, port = 0, maxClients = 64 } = settings;
  const { feeInterval = 0, emptyAhead = 'named', more = '' } = settings;
  return lines(
    `listen = "127.0.0.1:${port}"`,
    `chain = ${quoted(node.chain)}`,
    `data_dir = ${quoted(dataDir)}`,
    '[templates]',
    'fee_threshold = 1',
    `fee_interval = ${feeInterval}`,
    `empty_ahead = ${quoted(emptyAhead)}`,
    '[limits]',
    `connections = ${maxClients}`,
    '[identity]',
    `authority_secret_file = ${quoted(authoritySecretFile)}`,
    nodeLines(node, { zmq: true }),
    more,
  );
}

export interface PoolSettings {
  readonly node: NodeDoor;
  readonly dataDir: string;
  readonly authoritySecretFile: string;
  /** Where its templates come from, best first. */
  readonly templateProviders: readonly string[];
  readonly port?: number;
  readonly sharesPerMinute?: number;
  readonly minDifficulty?: number;
  readonly maxDifficulty?: number;
  /** Hashes per second of a channel that states none. */
  readonly assumedHashrate?: number;
  /** Whether found blocks go to the node as well, past the template provider. */
  readonly submitsToNode?: boolean;
  readonly supported?: readonly number[];
  readonly required?: readonly number[];
  /** What its job declarator server makes tokens with; without one there is no job declaration. */
  readonly tokenKeyFile?: string;
  /** Who gets the blocks that are found on declared jobs. */
  readonly jobDeclarators?: readonly string[];
  /** More tables, whole. */
  readonly more?: string;
}

export function poolToml(settings: PoolSettings): string {
  const { node, dataDir, authoritySecretFile, templateProviders, port = 0, submitsToNode = true } = settings;
  const { sharesPerMinute = 60, minDifficulty = 1e-6, supported = [2], required = [], more = '' } = settings;
  const { assumedHashrate = 1e12, maxDifficulty, tokenKeyFile, jobDeclarators = [] } = settings;
  return lines(
    `listen = "127.0.0.1:${port}"`,
    `chain = ${quoted(node.chain)}`,
    `data_dir = ${quoted(dataDir)}`,
    '[identity]',
    `authority_secret_file = ${quoted(authoritySecretFile)}`,
    '[coinbase]',
    payoutLine(node.chain),
    `tag = ${quoted(POOL_TAG)}`,
    '[mining]',
    `shares_per_minute = ${sharesPerMinute}`,
    `min_difficulty = ${minDifficulty.toFixed(14)}`,
    maxDifficulty === undefined ? [] : `max_difficulty = ${maxDifficulty.toFixed(14)}`,
    `assumed_hashrate = ${assumedHashrate}`,
    '[extensions]',
    `supported = ${JSON.stringify(supported)}`,
    `required = ${JSON.stringify(required)}`,
    templateProviders.flatMap((url) => ['[[template_providers]]', `url = ${quoted(url)}`]),
    submitsToNode ? nodeLines(node) : [],
    tokenKeyFile === undefined ? [] : ['[job_declaration]', `token_key_file = ${quoted(tokenKeyFile)}`],
    jobDeclarators.flatMap((url) => ['[[job_declarators]]', `url = ${quoted(url)}`]),
    more,
  );
}

/** Everything to the same script, on whatever chain. */
export const payoutLine = (chain: PrivateChain): string =>
  chain === 'regtest' ? `address = ${quoted(PAYOUT_ADDRESS)}` : `descriptor = "raw(${PAYOUT_SCRIPT})"`;

export interface DeviceSettings {
  readonly channel: 'standard' | 'extended';
  /** Pools, best first. */
  readonly upstreams: readonly string[];
  readonly user?: string;
  /** Hashes per second. */
  readonly throttle?: number;
  /** Hashes that a share takes, at least; what the pool says when absent. */
  readonly hashesPerShare?: number;
}

/** One thread, throttled so that the machine has time for others. */
export function deviceToml(settings: DeviceSettings): string {
  const { channel, upstreams, user, throttle = 5000, hashesPerShare } = settings;
  const easiest = hashesPerShare === undefined ? undefined : targetFromBigint((1n << 256n) / BigInt(hashesPerShare));
  return lines(
    `user_identity = ${quoted(user ?? `scenario.${channel}`)}`,
    `channel = ${quoted(channel)}`,
    'threads = 1',
    `throttle = ${throttle}`,
    easiest === undefined ? [] : `max_target = ${quoted(displayHash(easiest))}`,
    upstreams.flatMap((url) => ['[[upstreams]]', `url = ${quoted(url)}`]),
  );
}

/** One of `[[nodes]]`. @param options - `zmq`: whether tips come over it, where the node is spoken to over RPC alone */
export function nodeLines(
  { backEnd, ipcSocket, rpcUrl, cookieFile, zmqHashBlock }: NodeDoor,
  { zmq = false }: { readonly zmq?: boolean } = {},
): string[] {
  return [
    '[[nodes]]',
    ...(backEnd === 'rpc' ? [] : [`ipc = ${quoted(ipcSocket)}`]),
    ...(backEnd === 'ipc' ? [] : [`url = ${quoted(rpcUrl)}`, `cookie_file = ${quoted(cookieFile)}`]),
    ...(backEnd === 'rpc' && zmq ? [`zmq_hash_block = ${quoted(zmqHashBlock)}`] : []),
  ];
}
