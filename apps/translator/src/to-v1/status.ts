import type { Journal } from '@sv2kit/ledger';
import type { MiningServer } from '@sv2kit/mining-server';
import type { BlockDesk } from '@sv2kit/template-source';
import { upstreamFacts } from '@sv2kit/upstream';
import type { Tally, UserTally } from './totals.ts';
import type { Translator } from './translator.ts';

interface Sources {
  readonly server: MiningServer;
  readonly translator: Translator;
  readonly blocks: BlockDesk;
  readonly journal: Journal;
}

type Facts = Readonly<Record<string, unknown>>;

/** The translator's part of /status; numbers and text only. Times are unix milliseconds. */
export function translatorToV1Status({ server, translator, blocks, journal }: Sources): Facts {
  const { blocks: blocksFound, shares, ...mining } = server.status();
  const { totals, relay, link } = translator;
  return {
    ...mining,
    pool: describePool(translator),
    shares: {
      ...shares,
      withheld: totals.withheld,
      relayed: { ...totals.relayed },
      acceptedByPool: { ...totals.accepted },
      refusedByPool: fromTallies(totals.refused),
      unanswered: link?.unanswered ?? 0,
      held: relay.held,
      lostBy: fromTallies(totals.lost),
    },
    users: [...totals.users].map(([user, tally]) => describeUser(user, tally)),
    jobs: totals.jobs,
    poolFailures: Object.fromEntries(totals.failures),
    suspensions: totals.suspensions,
    blocksFound,
    blocks: blocks.list(),
    journal: { ...journal.state, position: journal.position, watermark: journal.watermark },
  };
}

/** The pool of the latest job, and what it leaves to devices. */
function describePool({ upstream, link, desk, failure }: Translator): Facts {
  const { current, space } = desk;
  return {
    ...(upstream === undefined ? {} : upstreamFacts(upstream.state)),
    inUse: link?.name ?? null,
    failure: failure ?? null,
    job:
      current === undefined
        ? null
        : {
            id: current.work.poolJob.notify.jobId,
            pool: current.link.name,
            height: current.work.job.height,
            difficulty: current.work.poolJob.difficulty,
            versionMask: hex(current.work.poolJob.versionMask),
            devicesMayRoll: hex(current.work.job.versionMask),
            receivedAtMs: current.link.jobAtMs,
          },
    extranonce:
      space === undefined
        ? null
        : {
            extranonce1: Buffer.from(space.extranonce1).toString('hex'),
            extranonce2Size: space.extranonce2Size,
            channelsFit: space.channels,
            bytesToRoll: space.rolled,
          },
    refusedOfLast: link?.refusals ?? 0,
    workers: link?.workers.known ?? 0,
  };
}

function describeUser(user: string, { relayed, accepted, refused }: UserTally): Facts {
  return { user, relayed: { ...relayed }, accepted: { ...accepted }, refused: Object.fromEntries(refused) };
}

function fromTallies(tallies: ReadonlyMap<string, Tally>): Facts {
  return Object.fromEntries([...tallies].map(([reason, tally]) => [reason, { ...tally }]));
}

function hex(mask: number): string {
  return mask.toString(16).padStart(8, '0');
}
