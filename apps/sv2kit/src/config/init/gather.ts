import { join, resolve } from 'node:path';
import type { Network } from '@sv2kit/bitcoin';
import { type Fields, parseAddress, UsageError } from '@sv2kit/daemon';
import { formatAuthorityKey } from '@sv2kit/noise';
import { readChain } from '../../node-address.ts';
import type { InitFacts } from './facts.ts';
import { authorityIn, authorityMadeIn } from './key.ts';
import { type Neighbour, Neighbours } from './neighbours.ts';
import { guessChain, nodeKeys } from './node.ts';
import type { InitWords } from './words.ts';

const KEY_FILE = 'authority.key';
export const PASSWORD_FILE = 'rpc-password';

/** What was found out, and how, for people. */
export interface Gathered {
  readonly facts: InitFacts;
  /** Each a label and what was decided. */
  readonly decisions: readonly (readonly [string, string])[];
  /** To be kept in `PASSWORD_FILE`. */
  readonly password: string | undefined;
}

const POOLS = ['pool', 'pool-with-jds'];
const KNOWN_BY_KEY = new Set([...POOLS, 'template-provider', 'jd-server', 'jd-client', 'translator-to-v1']);
const WITH_NODE = new Set([...POOLS, 'template-provider', 'jd-server', 'solo']);
const OF_NO_CHAIN = new Set(['translator', 'translator-to-v1', 'mining-device', 'dashboard']);

/**
 * Finds out what a role's configuration needs: from the command line, the files in the folder, and the node. Makes the
 * authority's key where the role has one and the folder has none.
 *
 * @throws UsageError for what cannot be, ConfigError when the node is on another chain, KeyFileError for a key that cannot
 * be used
 */
export async function gather(role: string, fields: Fields, words: InitWords, folder: string): Promise<Gathered> {
  const keyFile = join(folder, KEY_FILE);
  const isKnownByKey = KNOWN_BY_KEY.has(role);
  const kept = new Neighbours(folder, authorityIn(keyFile));
  const address = words.address ?? (role === 'jd-server' ? kept.said(POOLS, 'coinbase', 'address') : undefined);
  const { chain, why } = chainOf(words, kept, address);
  const node = WITH_NODE.has(role) ? await nodeKeys(chain, words, PASSWORD_FILE) : undefined;
  const listen = words.listen ?? defaultListen(fields);
  if (typeof parseAddress(listen) === 'string' && listen !== '')
    throw new UsageError(`--listen ${listen} is not host:port`);
  const made = isKnownByKey ? authorityMadeIn(keyFile) : undefined;
  const authority = made?.authority ?? authorityIn(keyFile);
  const servers = await serversOf(role, words, new Neighbours(folder, authority));
  const publicKey = authority === undefined ? undefined : formatAuthorityKey(authority);
  const keyWords =
    made === undefined
      ? ''
      : `${KEY_FILE}${made.isNew ? ', made now' : ''}; clients are given its public key ${publicKey}`;
  const decisions: (readonly [string, string | undefined])[] = [
    ['chain', OF_NO_CHAIN.has(role) ? undefined : `${chain}, ${why}`],
    ['node', node?.words],
    ['key', made === undefined ? undefined : keyWords],
    ['templates', wordsOf(servers.templates)],
    ['upstream', wordsOf(servers.upstream)],
    ['declarator', wordsOf(servers.declarator)],
    ['listens', listen === '' ? undefined : listen],
  ];
  return {
    facts: {
      role,
      chain,
      address,
      node: node?.keys ?? {},
      listen,
      dataFolder: dataFolderOf(words.data, folder),
      keyFile: KEY_FILE,
      publicKey,
      templates: servers.templates?.url,
      upstream: servers.upstream?.url,
      declarator: servers.declarator?.url,
      user: words.user ?? (role === 'jd-client' ? address : undefined),
    },
    decisions: decisions.flatMap(([label, text]) => (text === undefined ? [] : [[label, text] as const])),
    password: node?.password,
  };
}

function chainOf(
  words: InitWords,
  neighbours: Neighbours,
  address: string | undefined,
): { chain: Network; why: string } {
  const said = readChain(words.chain);
  const { fits, guess } = guessChain(address);
  if (said !== undefined && !fits.includes(said)) throw new UsageError(`--address ${address} is no address of ${said}`);
  if (said !== undefined) return { chain: said, why: 'as you said' };
  const found = neighbours.chain();
  const beside = fits.find((chain) => chain === found);
  return beside === undefined ? guess : { chain: beside, why: 'as of the other files here' };
}

/** Not in /etc, which services may not write into. */
function dataFolderOf(said: string | undefined, folder: string): string {
  if (said !== undefined) return resolve(said);
  return /^\/etc(?:\/|$)/.test(folder) ? '/var/lib/sv2kit' : '';
}

/** As the role has it when nothing is said. */
function defaultListen({ listen, pool }: Fields): string {
  if (listen?.kind === 'value') return String(listen.sample);
  return pool?.kind === 'section' ? defaultListen(pool.fields) : '';
}

interface Servers {
  readonly templates: Neighbour | undefined;
  readonly upstream: Neighbour | undefined;
  readonly declarator: Neighbour | undefined;
}

async function serversOf(role: string, words: InitWords, near: Neighbours): Promise<Servers> {
  const said = (url: string | undefined): Neighbour | undefined =>
    url === undefined ? undefined : { url, from: 'as you said' };
  const isPool = POOLS.includes(role);
  const wantsTemplates = isPool || role === 'jd-client';
  const wantsUpstream = ['jd-client', 'translator', 'mining-device'].includes(role);
  const wantsDeclarator = role === 'pool' || role === 'jd-client';
  const servers = role === 'jd-client' ? POOLS : ['jd-client', ...POOLS];
  const declarators = role === 'pool' ? ['jd-server'] : ['jd-server', 'pool-with-jds'];
  return {
    templates: wantsTemplates
      ? (said(words.templates) ??
        (await near.find(['template-provider'], 'template-distribution')) ??
        near.expected('template-provider', '127.0.0.1:8442'))
      : undefined,
    upstream: said(words.upstream) ?? (wantsUpstream ? await near.find(servers, 'mining') : undefined),
    declarator:
      said(words.declarator) ?? (wantsDeclarator ? await near.find(declarators, 'job-declaration') : undefined),
  };
}

function wordsOf(server: Neighbour | undefined): string | undefined {
  return server === undefined ? undefined : `${server.url}, ${server.from}`;
}
