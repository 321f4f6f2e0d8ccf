import { execFile } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type GuardedProcess, spawnGuarded } from '@sv2kit/bitcoind';
import { Client } from 'pg';
import { findPostgres, NO_POSTGRES } from './find-postgres.ts';

export { findPostgres, NO_POSTGRES };

const USER = 'sv2kit';
const START_MS = 60_000;
const STOP_MS = 10_000;
const run = promisify(execFile);

/** A PostgreSQL of one's own in a folder of its own, on a Unix socket there. Gone with this process at the latest. */
export class TestPostgres implements AsyncDisposable {
  readonly #bin: string;
  readonly #folder: string;
  readonly #owner: { readonly uid?: number; readonly gid?: number };
  #server: GuardedProcess | undefined;
  #databases = 0;

  private constructor(bin: string) {
    this.#bin = bin;
    this.#owner = unprivileged();
    const { uid, gid } = this.#owner;
    // Another user must be able to reach it, and a socket's path is short.
    this.#folder = mkdtempSync(join(uid === undefined ? tmpdir() : '/tmp', 'sv2kit-pg-'));
    if (uid !== undefined && gid !== undefined) chownSync(this.#folder, uid, gid);
    process.on('exit', this.#remove);
  }

  static async start(bin = findPostgres()): Promise<TestPostgres> {
    if (bin === undefined) throw new Error(NO_POSTGRES);
    const postgres = new TestPostgres(bin);
    try {
      await postgres.#initialise();
      await postgres.up();
      return postgres;
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  /** A new, empty database. @returns its URL */
  async newDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `test${this.#databases}`;
    await this.query(`CREATE DATABASE ${name}`);
    return this.#url(name);
  }

  /** Runs SQL where all databases are administered. */
  async query(sql: string, url = this.#url('postgres')): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts the server, again after `down` or `kill`. */
  async up(): Promise<void> {
    const settings = {
      listen_addresses: '',
      unix_socket_directories: this.#folder,
      fsync: 'off',
      shared_buffers: '64MB',
      log_min_messages: 'panic',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = spawnGuarded(join(this.#bin, 'postgres'), ['-D', this.#data, ...options], {
      ...this.#owner,
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#server = server;
    const ended = server.ended.then((end) => Promise.reject(new Error(`PostgreSQL ended: ${JSON.stringify(end)}`)));
    ended.catch(() => {});
    await Promise.race([ended, this.#answers()]);
  }

  /** Stops the server: clients are turned away, what they had committed stays. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    // Its way to stop without waiting for clients.
    server.child.kill('SIGINT');
    const timer = setTimeout(() => server.child.kill('SIGQUIT'), STOP_MS);
    await server.ended;
    clearTimeout(timer);
  }

  /** Ends the server's processes as a crash would. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    // Its children end by themselves when the first of its processes is gone; SIGQUIT makes sure of it.
    server?.child.kill('SIGQUIT');
    await server?.ended;
  }

  async stop(): Promise<void> {
    await this.down();
    process.off('exit', this.#remove);
    this.#remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  #url(database: string): string {
    return `postgres://${USER}@/${database}?host=${encodeURIComponent(this.#folder)}`;
  }

  readonly #remove = (): void => {
    this.#server?.child.kill('SIGKILL');
    // What the server's other processes still write is gone with them a moment later.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };

  async #initialise(): Promise<void> {
    const args = ['-D', this.#data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    await run(join(this.#bin, 'initdb'), args, { ...this.#owner, cwd: this.#folder });
  }

  async #answers(): Promise<void> {
    const until = Date.now() + START_MS;
    for (;;) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

/** PostgreSQL refuses to run as root: then it runs as its own user, or as nobody. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody');
}
