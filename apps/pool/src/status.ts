import type { Journal } from '@sv2kit/ledger';
import type { MiningServer } from '@sv2kit/mining-server';
import { endpointName, type UpstreamState } from '@sv2kit/upstream';
import type { BlockDesk } from './block-desk.ts';
import type { TemplateLine } from './template-line.ts';

/** The pool's part of /status; numbers and text only. */
export function poolStatus(
  server: MiningServer,
  line: TemplateLine,
  desk: BlockDesk,
  journal: Journal,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const { blocks: blocksFound, ...mining } = server.status();
  return {
    ...mining,
    blocksFound,
    blocks: desk.list(),
    templateProvider: { ...describe(line.state), workStaleForMs: server.working ? line.staleForMs(nowMs) : null },
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
