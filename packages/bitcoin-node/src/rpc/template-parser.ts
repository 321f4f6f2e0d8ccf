import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WholeTemplate } from '../node.ts';
import { RpcError } from './rpc-error.ts';
import { TemplateAssembler } from './template-assembler.ts';
import type { DecodeAnswer } from './template-worker.ts';

export interface ParsedTemplate {
  readonly template: Omit<WholeTemplate, 'bestBlockChanged'>;
  readonly longPollId: string | undefined;
}

interface Waiting {
  readonly receivedAtMs: number;
  resolve(parsed: ParsedTemplate): void;
  reject(reason: unknown): void;
}

/** Reads answers to getblocktemplate in a worker thread: megabytes of JSON and hex would hold up the event loop. */
export class TemplateParser {
  #worker: Worker | undefined;
  #assembler = new TemplateAssembler();
  #waiting: Waiting[] = [];

  /**
   * Takes the body over: it cannot be read afterwards.
   *
   * @throws RpcError `rpc`, `malformed`
   */
  parse(body: Uint8Array<ArrayBuffer>, receivedAtMs: number): Promise<ParsedTemplate> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ receivedAtMs, resolve, reject });
      worker.ref();
      worker.postMessage(body, [body.buffer]);
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#fail(new Error('the parser was closed'));
    await worker?.terminate();
  }

  #start(): Worker {
    // The worker's file has this file's ending: .ts in the workspace, .js where it is published.
    const worker = new Worker(new URL(`./template-worker${extname(import.meta.url)}`, import.meta.url), {
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
      if (worker === this.#worker) this.#fail(new Error(`the template worker ended with status ${code}`));
    });
    return worker;
  }

  #settle(answer: DecodeAnswer): void {
    const waiting = this.#waiting.shift();
    // Idle, it must not keep the process.
    if (this.#waiting.length === 0) this.#worker?.unref();
    if (waiting === undefined) return;
    if (answer.kind === 'failed') return waiting.reject(new RpcError(answer.code, answer.message, answer.details));
    const template = this.#assembler.assemble(answer.packed, waiting.receivedAtMs);
    waiting.resolve({ template, longPollId: answer.packed.longPollId });
  }

  /** The worker and what it knew are gone; the next answer starts another. */
  #fail(reason: unknown): void {
    this.#worker = undefined;
    this.#assembler = new TemplateAssembler();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(reason);
  }
}
