import { type Address, formatAddress, isLoopback } from '@sv2kit/daemon';
import { formatUrl } from '@sv2kit/noise';
import type { CalledPlace, ListeningPlace, Places, Speech } from './place.ts';

/** A configuration that can be used, beside others. */
export interface CheckedFile {
  readonly file: string;
  readonly role: string;
  readonly values: object;
  readonly places: Places;
}

/** Something between two files: `file: key: what`. */
export interface Disagreement {
  readonly file: string;
  readonly key: string;
  readonly wrong: string;
  readonly example?: string;
}

const SPEECHES: Readonly<Record<Speech, string>> = {
  mining: 'for V2 miners',
  'job-declaration': 'for job declarator clients',
  'template-distribution': 'for who wants templates',
  v1: 'for V1 miners',
  http: 'for HTTP',
};

/** What cannot be right of configurations that are to run on one machine. */
export function disagreements(files: readonly CheckedFile[]): Disagreement[] {
  return [...takenTwice(files), ...sharedFolders(files), ...wrongCalls(files), ...unlikeDeclarators(files)];
}

/** Servers of this machine that none of the files describes: no fault, for there may be others. */
export function unknownServers(files: readonly CheckedFile[]): Disagreement[] {
  return callsOf(files).flatMap(({ file, call }) => {
    if (!isLoopback(call.url) || serverOf(call, files) !== undefined) return [];
    return [{ file, key: call.key, wrong: `none of these files listens on ${formatAddress(call.url)}` }];
  });
}

function takenTwice(files: readonly CheckedFile[]): Disagreement[] {
  const all = files.flatMap(({ file, places }) => places.listens.map((place) => ({ file, ...place })));
  return all.flatMap((place, index) => {
    const first = all.slice(0, index).find((other) => overlap(place.address, other.address));
    if (first === undefined) return [];
    const wrong = `${formatAddress(place.address)} is taken by ${first.file}: ${first.key}`;
    return [{ file: place.file, key: place.key, wrong }];
  });
}

function overlap(a: Address, b: Address): boolean {
  return a.port === b.port && a.port !== 0 && (a.host === b.host || isAny(a.host) || isAny(b.host));
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function sharedFolders(files: readonly CheckedFile[]): Disagreement[] {
  const seen = new Map<string, string>();
  const found: Disagreement[] = [];
  for (const { file, places } of files) {
    for (const [key, folder] of places.folders) {
      const other = seen.get(folder);
      if (other === undefined) seen.set(folder, `${file}: ${key}`);
      else found.push({ file, key, wrong: `${folder} is that of ${other}: each role needs its own` });
    }
  }
  return found;
}

function callsOf(files: readonly CheckedFile[]) {
  return files.flatMap((from) => from.places.calls.map((call) => ({ file: from.file, from, call })));
}

function serverOf({ url }: CalledPlace, files: readonly CheckedFile[]) {
  for (const each of files) {
    const place = each.places.listens.find(({ address }) => reaches(url, address));
    if (place !== undefined) return { ...each, place };
  }
  return undefined;
}

function reaches(url: Address, { host, port }: Address): boolean {
  if (url.port !== port) return false;
  return url.host === host || (isLoopback(url) && (isAny(host) || isLoopback({ host, port })));
}

function wrongCalls(files: readonly CheckedFile[]): Disagreement[] {
  return callsOf(files).flatMap(({ file, from, call }) => {
    const server = serverOf(call, files);
    if (server === undefined) return [];
    const { place } = server;
    const at = `${server.file}: ${place.key}`;
    if (place.speech !== call.speech) {
      const wrong = `${formatAddress(call.url)} is ${at}, which is ${SPEECHES[place.speech]}, not ${SPEECHES[call.speech]}`;
      return [{ file, key: call.key, wrong }];
    }
    return [...wrongKey(file, call, place, at), ...wrongChain(from, call, server)];
  });
}

function wrongKey(file: string, { key, url }: CalledPlace, { authority }: ListeningPlace, at: string): Disagreement[] {
  if (authority === undefined || (url.authority !== undefined && Buffer.compare(url.authority, authority) === 0)) {
    return [];
  }
  const wrong = url.authority === undefined ? 'has no authority key' : `has another authority key than ${at}`;
  const name = key.slice(key.lastIndexOf('.') + 1);
  return [{ file, key, wrong, example: `${name} = "${formatUrl({ ...url, authority })}"` }];
}

function wrongChain(from: CheckedFile, { key }: CalledPlace, server: CheckedFile & Server): Disagreement[] {
  const [own, other] = [chainOf(from, key), chainOf(server, server.place.key)];
  if (own === undefined || other === undefined || own === other) return [];
  return [{ file: from.file, key, wrong: `is of a role on ${other} (${server.file}), and this one is on ${own}` }];
}

interface Server {
  readonly place: ListeningPlace;
}

/** Of a translator, `chain` is only that of the address it looks for. */
function chainOf({ role, values }: CheckedFile, key: string): string | undefined {
  if (role === 'translator') return undefined;
  const { pool, jdServer, chain } = values as { readonly pool?: Chained; readonly jdServer?: Chained } & Chained;
  return (key.startsWith('pool.') ? pool : key.startsWith('jd_server.') ? jdServer : { chain })?.chain;
}

interface Chained {
  readonly chain?: string;
}

/** A pool and its job declarator server seal tokens with one key. */
function unlikeDeclarators(files: readonly CheckedFile[]): Disagreement[] {
  const pools = files.filter(({ role }) => role === 'pool');
  const servers = files.filter(({ role }) => role === 'jd-server');
  return servers.flatMap(({ file, values }) =>
    pools.flatMap((pool) => {
      const [own, other] = [tokenKeyOf(values), tokenKeyOf(pool.values)];
      if (own === undefined || own === other) return [];
      const key = 'job_declaration.token_key_file';
      const wrong =
        other === undefined ? `${pool.file} has none: it takes no declared jobs` : `that of ${pool.file} is another`;
      return [{ file, key, wrong, example: `token_key_file = ${JSON.stringify(own)}, in both` }];
    }),
  );
}

function tokenKeyOf(values: object): string | undefined {
  const table = (values as { readonly jobDeclaration?: { readonly tokenKeyFile?: string } }).jobDeclaration;
  return table?.tokenKeyFile;
}
