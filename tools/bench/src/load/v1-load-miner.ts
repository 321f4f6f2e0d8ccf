import { connect, type Socket } from 'node:net';
import { AnswerTimes } from './answer-times.ts';
import type { ShareSource } from './offered-load.ts';
import { V1LineCutter, type V1Line, type V1LoadJob } from './v1-lines.ts';

/** What a miner reports as it happens; times are those of `performance.now()`. */
export interface V1Observer {
  acknowledged(ms: number): void;
  refused(code: string): void;
  /** A clean job has arrived. */
  tip(): void;
  answered(source: ShareSource): void;
  closed(reason: { readonly code: string; readonly error?: unknown }): void;
}

/** Where a miner connects, and as whom. */
export interface V1Place {
  readonly port: number;
  readonly worker: string;
}

/** Answers to configure, subscribe and authorize. */
const SETUP_ANSWERS = 3;
const EXTRANONCE2 = '00000000';
/** Within the mask that everybody allows. */
const VERSION_BITS = '00002000';
const READ_SIZE = 65_536;
/** What one read of a socket has brought is looked at before the next one: one buffer is enough for all. */
const readInto = Buffer.allocUnsafeSlow(READ_SIZE);

/** A V1 miner of the load, like an ASIC with version rolling; makes shares without hashing, any nonce is one. */
export class V1LoadMiner implements ShareSource {
  readonly #observer: V1Observer;
  readonly #worker: string;
  readonly #lines = new V1LineCutter();
  readonly #times = new AnswerTimes();
  readonly #working = Promise.withResolvers<void>();
  readonly #socket: Socket;
  #awaited = SETUP_ANSWERS;
  #requests = SETUP_ANSWERS;
  /** Of a share's line, what stands between its id and its nonce. */
  #middle = '';

  constructor({ port, worker }: V1Place, observer: V1Observer) {
    this.#observer = observer;
    this.#worker = worker;
    const callback = (length: number): boolean => {
      this.#lines.cut(readInto.subarray(0, length), this.#onLine);
      return true;
    };
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer: readInto, callback } });
    this.#socket.on('error', (error) => this.#onEnd({ code: 'socket-error', error }));
    this.#socket.on('close', () => this.#onEnd({ code: 'closed' }));
  }

  get pending(): number {
    return this.#times.pending;
  }

  /** Bytes received and sent so far. */
  get bytes(): { readonly received: number; readonly sent: number } {
    return { received: this.#socket.bytesRead, sent: this.#socket.bytesWritten };
  }

  /** Introduces itself; resolves when it has work. */
  async open(): Promise<void> {
    this.#socket.write(
      '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}\n' +
        '{"id":2,"method":"mining.subscribe","params":["bench/1.0"]}\n' +
        `{"id":3,"method":"mining.authorize","params":["${this.#worker}","x"]}\n`,
    );
    await this.#working.promise;
  }

  /** The next share, never the same header twice. */
  submit(now: number): void {
    const sent = this.#times.sent(now);
    this.#requests += 1;
    const nonce = sent.toString(16).padStart(8, '0');
    this.#socket.write(`{"id":${this.#requests}${this.#middle}${nonce}","${VERSION_BITS}"]}\n`, 'latin1');
  }

  end(): void {
    this.#socket.destroy();
  }

  readonly #onLine = (line: V1Line): void => {
    switch (line.kind) {
      case 'yes':
        return this.#onAnswer(undefined);
      case 'no':
        return this.#onAnswer(line.reason);
      case 'notify':
        return this.#onJob(line.job);
      case 'other':
        return;
      default:
        line satisfies never;
    }
  };

  #onAnswer(refusal: string | undefined): void {
    if (this.#awaited > 0) {
      this.#awaited -= 1;
      if (refusal !== undefined) this.#working.reject(new Error(`the translator does not want a miner: ${refusal}`));
      return;
    }
    const ms = this.#times.answered(performance.now());
    if (refusal === undefined) this.#observer.acknowledged(ms);
    else this.#observer.refused(refusal);
    this.#observer.answered(this);
  }

  #onJob({ id, ntime, clean }: V1LoadJob): void {
    this.#middle = `,"method":"mining.submit","params":["${this.#worker}","${id}","${EXTRANONCE2}","${ntime}","`;
    this.#working.resolve();
    if (clean) this.#observer.tip();
  }

  #onEnd(reason: { readonly code: string; readonly error?: unknown }): void {
    this.#working.reject(new Error(`a miner's connection ended: ${reason.code}`, { cause: reason.error }));
    this.#observer.closed(reason);
  }
}
