import { networkInterfaces } from 'node:os';
import { type Address, formatAddress } from '@sv2kit/daemon';
import { formatUrl } from '@sv2kit/noise';
import type { SoloConfig } from './config.ts';
import type { Solo } from './create.ts';
import { placeWords } from './node.ts';

/** What is shown of it in a browser. */
export interface ShownPage {
  /** Where it is served; undefined when nowhere. */
  readonly at: Address | undefined;
  /** Whether there is a page, and not figures alone. */
  readonly isBuilt: boolean;
  /** Where it would have been: somebody else is there. */
  readonly taken?: string | undefined;
}

const FOUND = '\nIts IPC socket was found where Bitcoin Core keeps it: templates are pushed, and no RPC is needed.';

/** What to point machines and the browser at. */
export function firstScreen(
  { coinbase, chain }: Pick<SoloConfig, 'coinbase' | 'chain'>,
  running: Solo,
  page: ShownPage,
): string {
  const { node } = running;
  const look = node.look.kind === 'there' ? '' : ', which is away and waited for';
  const [v2, v1] = [urlsOf(running), v1UrlsOf(running)];
  const among = v2.length > 1 || v1.length > 1 ? ' one of these, whichever they can reach' : '';
  return `
Solo mining on ${chain} with the node at ${placeWords(node)}${look}.${node.isIpcFound ? FOUND : ''}
Every block pays ${coinbase.address ?? coinbase.descriptor ?? ''} in full.

Point your miners, with any user name and password, at${among}:
${lines('Stratum V2', v2)}
${v1.length > 0 ? lines('Stratum V1', v1) : '  Stratum V1  nowhere: --listen-v1 0.0.0.0:34255 lets such miners in'}

${pageWords(page)}
Ctrl-C stops it.

`;
}

/** Every URL that miners may be pointed at. */
export function minerUrls(running: Solo): string[] {
  return [...urlsOf(running), ...v1UrlsOf(running)];
}

function lines(what: string, urls: readonly string[]): string {
  return urls.map((url, index) => `  ${(index === 0 ? what : '').padEnd(12)}${url}`).join('\n');
}

function pageWords({ at, isBuilt, taken }: ShownPage): string {
  const elsewhere = taken === undefined ? '' : ` (${taken} is taken by another process; --dashboard HOST:PORT chooses)`;
  if (at === undefined) return `There is no dashboard${elsewhere}.`;
  const base = `http://${formatAddress(at)}`;
  return isBuilt
    ? `The dashboard is at ${base}/dashboard/${elsewhere}`
    : `Health and figures are at ${base}/${elsewhere}`;
}

function v1UrlsOf({ v1Address }: Solo): string[] {
  if (v1Address === undefined) return [];
  return reachable(v1Address).map((host) => `stratum+tcp://${formatAddress({ ...v1Address, host })}`);
}

function urlsOf({ address, authorityPublicKey: authority }: Solo): string[] {
  return reachable(address).map((host) => formatUrl({ host, port: address.port, authority }));
}

/** The addresses under which others may reach it. */
function reachable({ host }: Address): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host];
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  return [...outside, '127.0.0.1'];
}
