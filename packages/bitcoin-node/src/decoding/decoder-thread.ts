import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DecodeAnswer, ToDecoder } from './decoder-worker.ts';

interface Waiting {
  resolve(answer: DecodeAnswer): void;
  reject(reason: unknown): void;
}

/**
 * A node's answers of megabytes are taken apart in this thread, whichever way they came: they would hold up the event
 * loop. It is started with the first of them, and again when it died.
 */
export class DecoderThread {
  #worker: Worker | undefined;
  #waiting: Waiting[] = [];
  #series = 0;
  #isClosed = false;

  /** Names a series of bodies that are much like the one before. */
  series(): number {
    return (this.#series += 1);
  }

  /** No more of this series. */
  end(series: number): void {
    this.#worker?.postMessage({ kind: 'end', series } satisfies ToDecoder);
  }

  /** Takes the body over: it cannot be read afterwards. */
  decode(kind: 'template' | 'block', series: number, body: Uint8Array): Promise<DecodeAnswer> {
    if (this.#isClosed) return Promise.reject(new Error('the decoder was closed'));
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      worker.ref();
      const own = withOwnBuffer(body);
      worker.postMessage({ kind, series, body: own } satisfies ToDecoder, [own.buffer]);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    this.#fail(new Error('the decoder was closed'));
    await worker?.terminate();
  }

  #start(): Worker {
    // The worker's file has this file's ending: .ts in the workspace, .js where it is published.
    const worker = new Worker(new URL(`./decoder-worker${extname(import.meta.url)}`, import.meta.url), {
      name: 'decoder',
      // Options of this process, such as --input-type, may be wrong for a file.
      execArgv: [],
    });
    worker.on('message', (answer: DecodeAnswer) => {
      if (worker === this.#worker) this.#settle(answer);
    });
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#fail(error);
    });
    worker.on('exit', (code) => {
      if (worker === this.#worker) this.#fail(new Error(`the decoder ended with status ${code}`));
    });
    return worker;
  }

  #settle(answer: DecodeAnswer): void {
    const waiting = this.#waiting.shift();
    // Idle, it must not keep the process.
    if (this.#waiting.length === 0) this.#worker?.unref();
    waiting?.resolve(answer);
  }

  /** The thread and what it knew are gone; the next body starts another. */
  #fail(reason: unknown): void {
    this.#worker = undefined;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(reason);
  }
}

/** Of a view on part of a buffer, the whole buffer would go. */
function withOwnBuffer(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = body;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === body.length) return new Uint8Array(buffer);
  return Uint8Array.from(body);
}
