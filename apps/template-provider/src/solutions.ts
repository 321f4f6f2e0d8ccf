import type { HeldTemplate } from '@sv2kit/bitcoin-node';
import type { SubmitSolution } from '@sv2kit/codec';
import type { Clock, Logger } from '@sv2kit/daemon';
import type { SolutionOutcome, TemplatePublisher } from '@sv2kit/templates';
import type { BlockDesk } from './block-desk.ts';
import type { FoundBlock } from './found-block.ts';
import type { HeldTemplates } from './held-templates.ts';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import type { TemplateProviderMetrics } from './metrics.ts';
import { RateLimit } from './rate-limit.ts';

export interface SolutionsDeps {
  readonly publisher: Pick<TemplatePublisher<HeldTemplate>, 'solve' | 'blockOf'>;
  readonly held: Pick<HeldTemplates, 'find' | 'complete'>;
  readonly desk: Pick<BlockDesk, 'submit'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly metrics: Pick<TemplateProviderMetrics, 'solutions'>;
}

type Solved = Extract<SolutionOutcome<HeldTemplate>, { readonly kind: 'block' }>;

/** Makes blocks of the solutions of clients (§7.7). */
export class Solutions {
  readonly #deps: SolutionsDeps;
  /** Warnings of refused solutions. */
  readonly #warnings: RateLimit;

  constructor(deps: SolutionsDeps) {
    this.#deps = deps;
    this.#warnings = new RateLimit(LIMITS.refusalWarningsPerMinute, deps.clock.now());
  }

  /** Whether a solution was of use: a block that is not known yet. */
  submit(solution: SubmitSolution, client: number, log: Logger): boolean {
    const { publisher, desk, metrics, clock } = this.#deps;
    const outcome = publisher.solve(solution);
    if (outcome.kind === 'refused') {
      metrics.solutions.inc({ outcome: outcome.code });
      const level = this.#warnings.take(clock.now()) ? 'warn' : 'debug';
      log[level]('solution refused', { code: outcome.code, templateId: String(outcome.templateId) });
      return false;
    }
    const { height, stale, templateId } = outcome;
    const isNew = desk.submit(this.#foundBlock(outcome, solution), {
      client,
      height,
      stale,
      templateId: String(templateId),
    });
    metrics.solutions.inc({ outcome: isNew ? 'block' : 'known-block' });
    return isNew;
  }

  #foundBlock(outcome: Solved, { version, headerTimestamp, headerNonce }: SubmitSolution): FoundBlock {
    const { hash, header, height, block, origin } = outcome;
    const coinbase = new Uint8Array(outcome.coinbase);
    const entry = origin === undefined ? undefined : this.#deps.held.find(origin);
    const solution = { version, ntime: headerTimestamp, nonce: headerNonce, coinbase };
    return {
      hash,
      height,
      block: block ?? this.#wholeBlock({ ...outcome, coinbase }),
      held: entry === undefined ? undefined : { ...entry, solution },
      remains: block === undefined ? { header: hex(header), coinbase: hex(coinbase) } : undefined,
    };
  }

  /** The block of a template whose transactions are with the node yet. */
  async #wholeBlock(outcome: Solved): Promise<Uint8Array> {
    const { publisher, held } = this.#deps;
    const { origin } = outcome;
    if (origin === undefined) throw new Error('a template without transactions is of no node');
    let trouble: unknown;
    try {
      await held.complete(origin);
    } catch (error) {
      trouble = error;
    }
    // They may have come with another template.
    const block = publisher.blockOf(outcome);
    if (block === undefined) throw trouble ?? new Error('the transactions that came are not those of the template');
    return block;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
