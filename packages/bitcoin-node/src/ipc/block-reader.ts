import { BlockAssembler } from '../decoding/block-assembler.ts';
import type { DecoderThread } from '../decoding/decoder-thread.ts';
import type { DecodeAnswer } from '../decoding/decoder-worker.ts';
import type { BlockTransaction } from '../node.ts';
import { IpcError } from './client/ipc-error.ts';
import type { TemplateHandle } from './client/template-handle.ts';
import type { IpcSession } from './ipc-session.ts';

/** Fetches the transactions of a node's templates, one template at a time: each is megabytes. */
export class BlockReader {
  readonly #thread: DecoderThread;
  readonly #series: number;
  readonly #assembler = new BlockAssembler();
  #last: Promise<unknown> = Promise.resolve();

  constructor(thread: DecoderThread) {
    this.#thread = thread;
    this.#series = thread.series();
  }

  /**
   * In block order, without the coinbase. Transactions that the template before had too are the same objects.
   *
   * @throws IpcError
   */
  read(session: IpcSession, handle: TemplateHandle): Promise<readonly BlockTransaction[]> {
    const read = this.#last.then(() => this.#read(session, handle));
    this.#last = read.catch(() => {});
    return read;
  }

  async #read({ client, lanes }: IpcSession, handle: TemplateHandle): Promise<readonly BlockTransaction[]> {
    const block = await handle.block(lanes.blocks);
    const answer = await this.#decode(block);
    if (answer.kind === 'block') return this.#assembler.assemble(answer.packed);
    const method = 'BlockTemplate.getBlock';
    const why = answer.kind === 'bad-block' ? answer.message : `it was decoded as a ${answer.kind}`;
    const text = `${method}: the node at ${client.path} sent no block (${why}): see that sv2kit knows this version of it`;
    throw new IpcError('malformed', text, { method, path: client.path });
  }

  async #decode(block: Uint8Array): Promise<DecodeAnswer> {
    try {
      return await this.#thread.decode('block', this.#series, block);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new IpcError('closed', `a template's transactions were not read (${why}): ask again`, {}, { cause });
    }
  }
}
