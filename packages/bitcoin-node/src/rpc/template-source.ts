import { chainInfo } from './chain-check.ts';
import type { DecoderThread } from '../decoding/decoder-thread.ts';
import type { Clock } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { Hold } from '../node-status.ts';
import type { CallOptions, RpcClient } from './rpc-client.ts';
import { failedWith } from './rpc-client.ts';
import { RPC_CLIENT_IN_INITIAL_DOWNLOAD, RPC_CLIENT_NOT_CONNECTED, RPC_IN_WARMUP } from './rpc-error.ts';
import { type ParsedTemplate, TemplateParser } from './template-parser.ts';

/** Rules that change what a miner must do and that this project knows: anything else the node refuses to tell us of. */
export const RULES = ['segwit', 'signet'];

/** Asks one node for templates. */
export class TemplateSource {
  readonly #client: RpcClient;
  readonly #clock: Clock;
  readonly #parser: TemplateParser;

  constructor(client: RpcClient, clock: Clock, decoder: DecoderThread) {
    this.#parser = new TemplateParser(decoder);
    this.#client = client;
    this.#clock = clock;
  }

  /** The template of this moment. */
  now(signal: AbortSignal): Promise<ParsedTemplate> {
    return this.#ask({}, { signal, timeoutMs: LIMITS.templateTimeoutMs });
  }

  /**
   * The template that comes after the one with this id: the node answers when there is one (BIP22). Never given up
   * over time: on a quiet chain there is none for hours, and the node would go on working for an asker that left.
   */
  after(longPollId: string, signal: AbortSignal): Promise<ParsedTemplate> {
    return this.#ask({ longpollid: longPollId }, { signal, timeoutMs: 'never', lane: 'long-poll' });
  }

  /** Why the node answers and still has no template; `undefined` when the error says something else. */
  explain(error: unknown, signal: AbortSignal): Promise<Hold | undefined> {
    return whyNoTemplate(this.#client, error, signal);
  }

  close(): void {
    this.#parser.close();
  }

  async #ask(request: Record<string, unknown>, options: CallOptions): Promise<ParsedTemplate> {
    const params = [{ rules: RULES, ...request }];
    const body = await this.#client.callRaw('getblocktemplate', params, {
      ...options,
      maxBytes: LIMITS.maxTemplateAnswer,
    });
    return await this.#parser.parse(body, this.#clock.now());
  }
}

/** Why a node that answered getblocktemplate with `error` has none; `undefined` when the error says something else. */
export async function whyNoTemplate(client: RpcClient, error: unknown, signal: AbortSignal): Promise<Hold | undefined> {
  if (failedWith(error, RPC_CLIENT_NOT_CONNECTED)) return { kind: 'away', reason: 'the node has no peers' };
  if (failedWith(error, RPC_IN_WARMUP)) return { kind: 'away', reason: messageOf(error) };
  if (!failedWith(error, RPC_CLIENT_IN_INITIAL_DOWNLOAD)) return undefined;
  const { blocks, headers } = await chainInfo(client, signal);
  return { kind: 'ibd', reason: `the node has downloaded ${blocks} of ${headers} blocks` };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
