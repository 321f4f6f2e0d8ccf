import { displayHash } from '@sv2kit/bitcoin';
import { checkChain, type ExpectedChain } from '../../rpc/chain-check.ts';
import type { Clock } from '../../host.ts';
import { LIMITS } from '../../limits.ts';
import type { NodeTransaction } from '../../node.ts';
import type { RpcClient } from '../../rpc/rpc-client.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { TemplateAssembler } from '../../rpc/template-assembler.ts';
import { TemplateDecoder } from '../../rpc/template-decoder.ts';
import { RULES, whyNoTemplate } from '../../rpc/template-source.ts';
import { isSameWork, type WorkTip } from '../back-end.ts';

export interface TipKeeperParts {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly expected: ExpectedChain;
  readonly pollIntervalMs: number;
  /** Transactions of the node's own templates. */
  readonly onTransactions: (transactions: readonly NodeTransaction[]) => void;
  /** A tip after another one or after none. */
  readonly onTip: (tip: WorkTip) => void;
  /** The node cannot be asked. */
  readonly onAway: (reason: string) => void;
}

/**
 * Knows what the next block must have, from the node's own templates; polls the best block between them. Only the
 * templates tell whether the node can be asked at all: it judges proposals even while it is downloading the chain.
 */
export class TipKeeper {
  readonly #parts: TipKeeperParts;
  readonly #abort = new AbortController();
  readonly #decoder = new TemplateDecoder();
  readonly #assembler = new TemplateAssembler();
  #timer: Disposable | undefined;
  #tip: WorkTip | undefined;
  #askedAtMs = 0;
  #failures = 0;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor(parts: TipKeeperParts) {
    this.#parts = parts;
  }

  get current(): WorkTip | undefined {
    return this.#tip;
  }

  start(): void {
    this.#timer = this.#parts.clock.every(this.#parts.pollIntervalMs, () => void this.look());
    void this.look();
  }

  close(): void {
    this.#abort.abort();
    this.#timer?.[Symbol.dispose]();
  }

  /** Asks the node for its best block now. */
  look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return this.#looking;
    }
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined;
      if (this.#lookAgain && !this.#abort.signal.aborted) {
        this.#lookAgain = false;
        void this.look();
      }
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const { client, clock, expected } = this.#parts;
    const { signal } = this.#abort;
    try {
      if (this.#tip === undefined) await checkChain(client, expected, signal);
      const hash = await client.call('getbestblockhash', [], { signal });
      const isSame = this.#tip !== undefined && displayHash(this.#tip.hash) === hash;
      const isFresh = isSame && clock.now() - this.#askedAtMs < LIMITS.tipRefreshMs;
      if (!isFresh) this.#set(await this.#ask());
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      if (isPassing(error) && this.#failures < LIMITS.busyAnswers) return;
      this.#lose(await this.#reason(error));
    }
  }

  async #ask(): Promise<WorkTip> {
    const { client, clock, onTransactions } = this.#parts;
    this.#askedAtMs = clock.now();
    const body = await client.callRaw('getblocktemplate', [{ rules: RULES }], {
      signal: this.#abort.signal,
      timeoutMs: LIMITS.templateTimeoutMs,
      maxBytes: LIMITS.maxTemplateAnswer,
    });
    const template = this.#assembler.assemble(this.#decoder.decode(body), clock.now());
    onTransactions(template.transactions);
    const fees = template.transactions.reduce((sum, { fee }) => sum + fee, 0n);
    return {
      hash: template.prevHash,
      height: template.height - 1,
      nbits: template.nbits,
      minNtime: template.mintime,
      ntime: Math.max(template.curtime, template.mintime),
      subsidy: Number(template.coinbaseValue - fees),
    };
  }

  #set(tip: WorkTip): void {
    const before = this.#tip;
    this.#tip = tip;
    if (before === undefined || !isSameWork(before, tip)) this.#parts.onTip(tip);
  }

  #lose(reason: string): void {
    this.#tip = undefined;
    this.#parts.onAway(reason);
  }

  async #reason(error: unknown): Promise<string> {
    try {
      const hold =
        error instanceof RpcError ? await whyNoTemplate(this.#parts.client, error, this.#abort.signal) : undefined;
      if (hold !== undefined) return hold.reason;
    } catch {
      // The first error says as much.
    }
    return error instanceof Error ? error.message : String(error);
  }
}

/** The node is there and has too much to do. */
function isPassing(error: unknown): boolean {
  return error instanceof RpcError && (error.code === 'busy' || error.code === 'timeout');
}
