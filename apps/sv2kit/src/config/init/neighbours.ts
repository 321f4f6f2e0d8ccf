import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, ConfigError, parseAddress, readToml } from '@sv2kit/daemon';
import { formatUrl } from '@sv2kit/noise';
import { ROLE_NAMES, roleOf } from '../configured-roles.ts';
import { type ListeningPlace, placesOf, type Speech } from '../place.ts';

/** A server on this machine, as others are given it. */
export interface Neighbour {
  readonly url: string;
  /** For people: how it is known. */
  readonly from: string;
}

/** The configurations that stand in one folder, each under the name of its role. */
export class Neighbours {
  readonly #folder: string;
  /** Of the key in the folder, which roles that have no file there will have. */
  readonly #authority: Uint8Array | undefined;

  constructor(folder: string, authority: Uint8Array | undefined) {
    this.#folder = folder;
    this.#authority = authority;
  }

  has(role: string): boolean {
    return existsSync(this.#file(role));
  }

  /** The first of the roles whose file is there and can be used. */
  async find(roles: readonly string[], speech: Speech): Promise<Neighbour | undefined> {
    for (const role of roles) {
      const place = this.has(role) ? await this.#place(role, speech) : undefined;
      const url = place === undefined ? undefined : urlOf(place);
      if (url !== undefined) return { url, from: `by ${role}.toml` };
    }
    return undefined;
  }

  /** Where a role will be whose file is still to be made here. */
  expected(role: string, address: string): Neighbour | undefined {
    const parsed = parseAddress(address);
    const authority = this.#authority;
    if (authority === undefined || typeof parsed === 'string') return undefined;
    const from = `where a ${role} would be: sv2kit config init ${role}, in the same folder`;
    return { url: formatUrl({ ...parsed, authority }), from };
  }

  /** What a file says, whether or not it can be used: the first that says it. */
  said(roles: readonly string[], ...path: readonly string[]): string | undefined {
    for (const role of roles) {
      const table = this.has(role) ? this.#table(role) : undefined;
      const found = deep(role === 'pool-with-jds' ? table?.['pool'] : table, path);
      if (typeof found === 'string') return found;
    }
    return undefined;
  }

  /** The chain of the first file that names one. */
  chain(): string | undefined {
    // A translator's is only of the address that it looks for.
    return this.said(
      ROLE_NAMES.filter((role) => role !== 'translator'),
      'chain',
    );
  }

  #file(role: string): string {
    return join(this.#folder, `${role}.toml`);
  }

  #table(role: string): Readonly<Record<string, unknown>> | undefined {
    return orUndefined(() => readToml(this.#file(role)).table);
  }

  async #place(role: string, speech: Speech): Promise<ListeningPlace | undefined> {
    const { fields, load } = await roleOf(role).config();
    const values = orUndefined(() => load({ file: this.#file(role), environment: {} }));
    if (values === undefined) return undefined;
    return placesOf(role, fields, values).listens.find((place) => place.speech === speech);
  }
}

/** Undefined where a file cannot be used. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function deep(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    found = typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[name] : undefined;
  }
  return found;
}

function urlOf({ address, authority, speech }: ListeningPlace): string | undefined {
  const near = nearby(address);
  if (speech === 'v1') return `stratum+tcp://${near.host}:${near.port}`;
  return authority === undefined ? undefined : formatUrl({ ...near, authority });
}

/** Every address of a machine is this one to itself. */
function nearby({ host, port }: Address): Address {
  return { host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port };
}
