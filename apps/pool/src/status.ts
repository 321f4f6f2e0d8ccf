import type { Journal } from '@sv2kit/ledger';
import type { MiningServer } from '@sv2kit/mining-server';
import type { BlockDesk, BlockNode, TemplateLine } from '@sv2kit/template-source';
import { upstreamFacts } from '@sv2kit/upstream';
import type { Payouts } from './payout/payouts.ts';
import type { JobDeclaration } from './job-declaration/job-declaration.ts';

interface Sources {
  readonly server: MiningServer;
  readonly line: TemplateLine;
  readonly desk: BlockDesk;
  readonly declaration: JobDeclaration | undefined;
  readonly payouts: Payouts;
  readonly journal: Journal;
  readonly nodes: readonly BlockNode[];
}

/** The pool's part of /status; numbers and text only. */
export function poolStatus(
  { server, line, desk, declaration, payouts, journal, nodes }: Sources,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const { blocks: blocksFound, ...mining } = server.status();
  return {
    ...mining,
    blocksFound,
    blocks: desk.list(),
    templateProvider: { ...upstreamFacts(line.state), workStaleForMs: server.working ? line.staleForMs(nowMs) : null },
    jobDeclaration: declaration?.status() ?? null,
    payouts: payouts.status(),
    nodes: nodes.map((node) => ({ name: node.name, ...node.health() })),
    journal: { ...journal.state, position: journal.position, watermark: journal.watermark },
  };
}
