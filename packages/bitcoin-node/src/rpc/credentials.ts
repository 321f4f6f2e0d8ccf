import { readFile } from 'node:fs/promises';
import { RpcError } from './rpc-error.ts';

/** Who we are to the node: a cookie file that the node writes at each start, or a fixed user. */
export type Credentials = { readonly cookieFile: string } | { readonly user: string; readonly password: string };

/** The Authorization header, remembered until the node refuses it. */
export class Authorization {
  readonly #credentials: Credentials;
  #header: string | undefined;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** @throws RpcError `unauthorized` when the cookie cannot be read */
  async header(): Promise<string> {
    this.#header ??= basic(await this.#pair());
    return this.#header;
  }

  /** The node refused `header`. True when there may be another one by now. */
  refused(header: string): boolean {
    if (this.#header === header) this.#header = undefined;
    return 'cookieFile' in this.#credentials;
  }

  async #pair(): Promise<string> {
    const credentials = this.#credentials;
    if (!('cookieFile' in credentials)) return `${credentials.user}:${credentials.password}`;
    try {
      return (await readFile(credentials.cookieFile, 'utf8')).trim();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const isClosed = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
      const hint = isClosed
        ? "run as the node's user, or let it share its cookie: -rpccookieperms=group"
        : 'is the node running?';
      const text = `the node's cookie cannot be read (${hint}): ${reason}`;
      throw new RpcError('unauthorized', text, { cookieFile: credentials.cookieFile }, { cause });
    }
  }
}

function basic(pair: string): string {
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** What a node's options say of it. */
export interface CredentialOptions {
  readonly cookieFile?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** @throws TypeError when nobody could log in with them */
export function credentialsOf({ cookieFile, user, password }: CredentialOptions): Credentials {
  if (cookieFile !== undefined) return { cookieFile };
  if (user !== undefined && password !== undefined) return { user, password };
  throw new TypeError('a node needs either a cookie file or a user and a password');
}
