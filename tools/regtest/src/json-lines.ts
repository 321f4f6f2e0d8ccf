import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { within } from './deadline.ts';
import { Mailbox } from './mailbox.ts';

/** One line of Stratum V1, read without any of the product's own code. */
export interface V1Line {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly result?: unknown;
  readonly error?: unknown;
}

const describe = ({ method, id }: V1Line): string => method ?? `the answer to ${JSON.stringify(id)}`;

/** A socket that carries JSON, one value to a line; both ends of V1 in the harness stand on it. */
export class JsonLines {
  readonly #socket: Socket;
  readonly #closed = Promise.withResolvers<void>();
  /** Everything that the peer said, in order. */
  readonly heard = new Mailbox<V1Line>(describe);
  #rest = '';
  #bytes = 0;

  /** @param onLine - called for each line, in order, before `heard` has it */
  constructor(socket: Socket, onLine: (line: V1Line) => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      this.#bytes += Buffer.byteLength(text);
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const each of lines) {
        const line = JSON.parse(each) as V1Line;
        onLine(line);
        this.heard.put(line);
      }
    });
    socket.once('close', () => {
      this.heard.close('the connection has ended');
      this.#closed.resolve();
    });
  }

  /** Bytes that the peer sent. */
  get bytes(): number {
    return this.#bytes;
  }

  get open(): boolean {
    return !this.#socket.destroyed;
  }

  send(line: V1Line): void {
    this.write(`${JSON.stringify(line)}\n`);
  }

  /** Sends text as it is. */
  write(text: string): void {
    if (this.#socket.writable) this.#socket.write(text);
  }

  /** Reads no more: what the peer says piles up on its side. */
  pause(): void {
    this.#socket.pause();
  }

  /** Cuts the connection, as a failing network would. */
  cut(): void {
    if (this.#socket instanceof TLSSocket) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /** Ends the connection in good order. */
  end(): void {
    this.#socket.end();
  }

  /** Resolves when the connection has ended, however long that takes. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** The connection has ended. @throws DeadlineError */
  ended(): Promise<void> {
    return within('the end of the connection', this.#closed.promise);
  }
}

/** The bytes of each word of four turned round: a prev hash as mining.notify has it, from internal order and back. */
export function turnWords(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (_, index) => bytes[index - (index % 4) + 3 - (index % 4)] ?? 0);
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'));
/** Eight digits. */
export const wordHex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
