import type { DecoderThread } from '../decoding/decoder-thread.ts';
import type { WholeTemplate } from '../node.ts';
import { RpcError } from './rpc-error.ts';
import { TemplateAssembler } from './template-assembler.ts';

export interface ParsedTemplate {
  readonly template: Omit<WholeTemplate, 'bestBlockChanged'>;
  readonly longPollId: string | undefined;
}

/** Reads answers to getblocktemplate, one after another, off the event loop. */
export class TemplateParser {
  readonly #thread: DecoderThread;
  readonly #series: number;
  readonly #assembler = new TemplateAssembler();

  constructor(thread: DecoderThread) {
    this.#thread = thread;
    this.#series = thread.series();
  }

  /**
   * Takes the body over: it cannot be read afterwards.
   *
   * @throws RpcError `rpc`, `malformed`
   */
  async parse(body: Uint8Array<ArrayBuffer>, receivedAtMs: number): Promise<ParsedTemplate> {
    const answer = await this.#thread.decode('template', this.#series, body);
    if (answer.kind === 'template') {
      const template = this.#assembler.assemble(answer.packed, receivedAtMs);
      return { template, longPollId: answer.packed.longPollId };
    }
    if (answer.kind === 'bad-template') throw new RpcError(answer.code, answer.message, answer.details);
    throw new Error(`a template was decoded as a ${answer.kind}`);
  }

  close(): void {
    this.#thread.end(this.#series);
  }
}
