import { type Condition, type Health, tokenKey } from '@sv2kit/daemon';
import { type JobVerifier, type Solution as PushedSolution, tokenVerifier } from '@sv2kit/declaration';
import type { FoundBlock } from '@sv2kit/mining-server';
import type { UpstreamView } from '@sv2kit/monitor';
import type { Clock, Logger } from '@sv2kit/net';
import type { BlockWay } from '@sv2kit/template-source';
import type { PoolConfig } from '../config.ts';
import type { JobDeclarationMetrics } from '../metrics.ts';
import { CustomJobDesk } from './custom-job-desk.ts';
import { DeclaratorLine, type DeclaratorLineOptions } from './declarator-line.ts';
import { pushedSolution } from './pushed-solution.ts';

/** A job declarator server in the same process, instead of a token key file and `[[job_declarators]]`. */
export interface LocalDeclarator {
  readonly verifier: JobVerifier;
  /** A block was found on a job that the server has acknowledged: it knows the transactions. Must not throw. */
  onDeclaredBlock(solution: PushedSolution, block: FoundBlock): void;
}

export interface JobDeclarationDeps {
  readonly payoutScript: Uint8Array;
  readonly local: LocalDeclarator | undefined;
  readonly health: Pick<Health, 'condition'>;
  readonly connections: DeclaratorLineOptions['connections'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: JobDeclarationMetrics;
}

/**
 * The pool's side of job declaration (§6): what miners' own jobs are believed by, and where blocks on them go. Undefined
 * when the pool takes none.
 *
 * @throws ConfigError when the key of the tokens cannot be used
 */
export function openJobDeclaration(config: PoolConfig, deps: JobDeclarationDeps): JobDeclaration | undefined {
  const { payoutScript, local, clock, connections, log, metrics } = deps;
  const { tokenKeyFile, leastPayoutShare, requiredOutputs: scripts } = config.jobDeclaration;
  const requiredOutputs = scripts.map((script) => ({ value: 0n, script }));
  const rules = { payoutScript, requiredOutputs, leastPayoutShare, network: config.chain, log, metrics };
  if (local !== undefined) {
    return new JobDeclaration(new CustomJobDesk({ ...rules, verifier: local.verifier }), wayTo(local), [], undefined);
  }
  if (tokenKeyFile === undefined) return undefined;
  const key = tokenKey(tokenKeyFile);
  const jobs = new CustomJobDesk({ ...rules, verifier: tokenVerifier(key) });
  const terms = { key, payoutScript, requiredOutputs };
  const lines = config.jobDeclarators.map(
    ({ url: endpoint }) =>
      new DeclaratorLine({ endpoint, terms, clock, log, connections, metrics: metrics.declarators }),
  );
  if (lines.length > 0) {
    return new JobDeclaration(
      jobs,
      undefined,
      lines,
      deps.health.condition('job-declaration', 'not connected yet', 'job-declaration-away'),
    );
  }
  log.warn('no job_declarators are configured: blocks on declared jobs are handed on by their finders alone');
  return new JobDeclaration(jobs, undefined, [], undefined);
}

/** Job declaration as a running pool has it. */
export class JobDeclaration {
  readonly jobs: CustomJobDesk;
  readonly ways: readonly BlockWay[];
  readonly #lines: readonly DeclaratorLine[];
  readonly #condition: Condition | undefined;

  constructor(
    jobs: CustomJobDesk,
    local: BlockWay | undefined,
    lines: readonly DeclaratorLine[],
    condition: Condition | undefined,
  ) {
    this.jobs = jobs;
    this.ways = local === undefined ? lines : [local];
    this.#lines = lines;
    this.#condition = condition;
  }

  /** Time passes. */
  tick(): void {
    for (const line of this.#lines) line.tick();
    const troubles = this.#lines.map(({ trouble }) => trouble).filter((trouble) => trouble !== undefined);
    const [reason] = troubles;
    if (reason === undefined) this.#condition?.ok();
    else if (troubles.length < this.#lines.length) this.#condition?.lacking(reason);
    else this.#condition?.failing(reason);
  }

  status(): Readonly<Record<string, unknown>> {
    const declarators = this.#lines.map(({ name, state, trouble, waiting }) => ({
      name,
      state: state.kind,
      trouble: trouble ?? null,
      blocksWaiting: waiting,
    }));
    return { ...this.jobs.status(), declarators };
  }

  /** For those who look at the role. */
  upstreams(): UpstreamView[] {
    return this.#lines.map(({ name, state, trouble, waiting }) => ({
      name,
      kind: 'job-declarator',
      state: state.kind,
      ...(trouble === undefined ? {} : { reason: trouble }),
      stats: { blocksWaiting: waiting },
    }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.close()));
  }
}

function wayTo(local: LocalDeclarator): BlockWay {
  return {
    name: 'job-declarator',
    take(block) {
      if (block.path !== 'declared-full-template') return 'not-for-it';
      local.onDeclaredBlock(pushedSolution(block.solution), block);
      return 'sent';
    },
  };
}
