import type { Journal } from '@sv2kit/ledger';
import type { MiningServer } from '@sv2kit/mining-server';
import type { BlockDesk, TemplateLine } from '@sv2kit/template-source';
import { upstreamFacts } from '@sv2kit/upstream';
import type { Client } from './client.ts';
import type { Pair } from './pair.ts';
import type { Aim } from './work-desk-options.ts';

interface Sources {
  readonly server: MiningServer;
  readonly line: TemplateLine;
  readonly blocks: BlockDesk;
  readonly journal: Journal;
  readonly client: Client;
}

type Facts = Readonly<Record<string, unknown>>;

/** The client's part of /status; numbers and text only. */
export function jdClientStatus({ server, line, blocks, journal, client }: Sources, nowMs: number): Facts {
  const { blocks: blocksFound, shares, work: height, ...mining } = server.status();
  const { desk, pairs, totals, room } = client;
  return {
    ...mining,
    work: { ...describeAim(desk.aim), ...height },
    reason: reasonOf(desk.aim),
    upstreams: pairs.list.map((pair) => describePair(pair, client)),
    declarations: {
      ...totals.declarations,
      dropped: Object.fromEntries(totals.dropped),
      refused: Object.fromEntries(totals.refused),
      latest: desk.aim.kind === 'pooled' ? desk.aim.declarer.phase : null,
    },
    shares: {
      ...shares,
      relayed: totals.relayed.count,
      credited: { ...totals.credited },
      waiting: desk.waitingShares,
      lost: [...totals.lost.values()].reduce((sum, { count }) => sum + count, 0),
      lostBy: Object.fromEntries([...totals.lost].map(([reason, tally]) => [reason, { ...tally }])),
      rejectedByPool: Object.fromEntries(totals.rejected),
    },
    fallbacks: Object.fromEntries(totals.fallbacks),
    room: { asked: room.asked, given: room.given ?? null },
    blocksFound,
    blocks: blocks.list(),
    templateProvider: { ...upstreamFacts(line.state), workStaleForMs: server.working ? line.staleForMs(nowMs) : null },
    journal: { ...journal.state, position: journal.position, watermark: journal.watermark },
  };
}

function describeAim(aim: Aim): Facts {
  switch (aim.kind) {
    case 'pooled':
      return { kind: 'pooled', upstream: aim.declarer.name, mode: aim.declarer.mode, sinceMs: aim.sinceMs };
    case 'solo':
      return { kind: 'solo', ...aim.failure, sinceMs: aim.sinceMs };
    case 'waiting':
      return { kind: 'waiting', sinceMs: aim.sinceMs };
  }
}

/** Why no pool is mined for; null when one is. */
function reasonOf(aim: Aim): string | null {
  if (aim.kind === 'pooled') return null;
  return aim.kind === 'solo' ? aim.failure.reason : 'starting';
}

function describePair(pair: Pair, { pairs }: Client): Facts {
  const { pool, declarator, ...figures } = pair.state;
  const { config, agreed, failure } = pair;
  const benchedUntilMs = pairs.benchedUntil(pair);
  return {
    name: pair.name,
    mode: config.mode,
    state: stateOf(pair, pairs.used, benchedUntilMs),
    ...(benchedUntilMs === undefined ? {} : { benchedUntilMs }),
    failure: failure ?? null,
    pool: pool === undefined ? null : upstreamFacts(pool),
    declarator: declarator === undefined ? null : upstreamFacts(declarator),
    outputs:
      agreed === undefined
        ? null
        : { count: agreed.outputs.length, size: agreed.size, payout: hex(agreed.outputs[0]?.script) },
    ...figures,
  };
}

function stateOf(pair: Pair, used: Pair | undefined, benchedUntilMs: number | undefined): string {
  if (pair === used) return 'in-use';
  if (benchedUntilMs !== undefined) return 'passed-over';
  if (pair.declarer !== undefined) return 'ready';
  return pair.running ? 'trying' : 'idle';
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
