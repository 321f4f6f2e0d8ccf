import type { Journal } from '@sv2kit/ledger';
import type { MiningServer } from '@sv2kit/mining-server';
import type { BlockDesk, BlockNode, TemplateLine } from '@sv2kit/template-source';
import { endpointName, type UpstreamState } from '@sv2kit/upstream';
import type { JobDeclaration } from './job-declaration/job-declaration.ts';

interface Sources {
  readonly server: MiningServer;
  readonly line: TemplateLine;
  readonly desk: BlockDesk;
  readonly declaration: JobDeclaration | undefined;
  readonly journal: Journal;
  readonly nodes: readonly BlockNode[];
}

/** The pool's part of /status; numbers and text only. */
export function poolStatus(
  { server, line, desk, declaration, journal, nodes }: Sources,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const { blocks: blocksFound, ...mining } = server.status();
  return {
    ...mining,
    blocksFound,
    blocks: desk.list(),
    templateProvider: { ...describe(line.state), workStaleForMs: server.working ? line.staleForMs(nowMs) : null },
    jobDeclaration: declaration?.status() ?? null,
    nodes: nodes.map((node) => ({ name: node.name, ...node.health() })),
    journal: { ...journal.state, position: journal.position, watermark: journal.watermark },
  };
}

function describe(state: UpstreamState): Readonly<Record<string, unknown>> {
  switch (state.kind) {
    case 'connected':
      return { state: 'connected', endpoint: endpointName(state.endpoint), primary: state.primary };
    case 'connecting':
      return { state: 'connecting', endpoint: endpointName(state.endpoint), reason: state.lastFailure ?? null };
    case 'waiting':
      return { state: 'waiting', reason: state.reason };
    case 'closed':
      return { state: 'closed' };
  }
}
