import {
  type Address,
  type Field,
  type Fields,
  KeyFileError,
  readCertificateFile,
  readSecretFile,
} from '@sv2kit/daemon';
import { NoiseError, publicKeyOf, type StratumUrl } from '@sv2kit/noise';

/** What is spoken at an address. */
export type Speech = 'mining' | 'job-declaration' | 'template-distribution' | 'v1' | 'http';

/** An address that a configuration has its role listen on. */
export interface ListeningPlace {
  readonly key: string;
  readonly address: Address;
  readonly speech: Speech;
  /** x-only, 32 bytes: what clients have to know; undefined where it cannot be read, and where there is none. */
  readonly authority: Uint8Array | undefined;
}

/** A server that a configuration has its role connect to. */
export interface CalledPlace {
  readonly key: string;
  readonly url: StratumUrl;
  readonly speech: Speech;
}

/** What a configuration says of the world around its role. */
export interface Places {
  readonly listens: readonly ListeningPlace[];
  readonly calls: readonly CalledPlace[];
  /** Folders that the role writes into, by key. */
  readonly folders: ReadonlyMap<string, string>;
}

type Values = Readonly<Record<string, unknown>>;

interface Leaf {
  /** In TOML form. */
  readonly key: string;
  readonly name: string;
  readonly field: Exclude<Field, { kind: 'section' | 'sections' }>;
  readonly value: unknown;
  /** The table that it stands in, and those around it. */
  readonly tables: readonly Values[];
}

/** Reads them out of a configuration's values, by the types of its keys. */
export function placesOf(role: string, fields: Fields, values: object): Places {
  const leaves = [...leavesOf(fields, [values as Values], '')].filter(({ value }) => value !== undefined);
  return {
    listens: leaves.flatMap((leaf) => listening(role, leaf)),
    calls: leaves.flatMap(calling),
    folders: new Map(leaves.flatMap(({ key, name, value }) => (name === 'dataDir' ? [[key, value as string]] : []))),
  };
}

function* leavesOf(fields: Fields, tables: readonly Values[], above: string): Generator<Leaf> {
  for (const [name, field] of Object.entries(fields)) {
    const key = `${above}${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    const value = tables[0]?.[name];
    if (field.kind === 'value') yield { key, name, field, value, tables };
    else if (field.kind === 'section') yield* leavesOf(field.fields, [value as Values, ...tables], `${key}.`);
    else {
      for (const [index, each] of ((value as readonly Values[] | undefined) ?? []).entries())
        yield* leavesOf(field.fields, [each, ...tables], `${key}[${index}].`);
    }
  }
}

function listening(role: string, { key, name, field, value, tables }: Leaf): ListeningPlace[] {
  if (!field.type.startsWith('host:port') || !(name.startsWith('listen') || name === 'monitoring')) return [];
  const speech = speechOf(role, key, name);
  const isKnownByKey = speech !== 'http' && speech !== 'v1';
  return [{ key, address: value as Address, speech, authority: isKnownByKey ? authorityOf(tables) : undefined }];
}

function speechOf(role: string, key: string, name: string): Speech {
  if (name === 'monitoring' || role === 'dashboard') return 'http';
  if (name === 'listenV1' || role === 'translator') return 'v1';
  if (role === 'template-provider') return 'template-distribution';
  return role === 'jd-server' || key.startsWith('jd_server.') ? 'job-declaration' : 'mining';
}

function calling({ key, field, value }: Leaf): CalledPlace[] {
  if (!/stratum2?\+tcp/.test(field.type)) return [];
  const url = value as StratumUrl;
  if ('tls' in url) return [{ key, url, speech: 'v1' }];
  if (key.includes('template_providers')) return [{ key, url, speech: 'template-distribution' }];
  return [{ key, url, speech: /job_declarators|jds_url/.test(key) ? 'job-declaration' : 'mining' }];
}

/** The key that clients know the role by, where its files can be read. */
function authorityOf(tables: readonly Values[]): Uint8Array | undefined {
  const identity = tables.find((table) => 'identity' in table)?.['identity'] as
    | { readonly authoritySecretFile?: string; readonly certificateFile?: string }
    | undefined;
  if (identity === undefined) return undefined;
  const { authoritySecretFile, certificateFile } = identity;
  try {
    if (authoritySecretFile !== undefined) return publicKeyOf(readSecretFile(authoritySecretFile, 'authority-secret'));
    return certificateFile === undefined ? undefined : readCertificateFile(certificateFile).authorityPublicKey;
  } catch (error) {
    if (error instanceof KeyFileError || error instanceof NoiseError) return undefined;
    throw error;
  }
}
