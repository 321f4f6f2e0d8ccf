import { displayHash } from '@sv2kit/bitcoin';
import type { Declarations } from '@sv2kit/declaration';
import type { Journal } from '@sv2kit/ledger';
import type { BlockDesk } from './block-desk.ts';
import type { NodeBench } from './node-bench.ts';
import type { Tally } from './tally.ts';

interface Sources {
  readonly declarations: Declarations;
  readonly bench: NodeBench;
  readonly desk: BlockDesk;
  readonly tally: Tally;
  readonly journal: Journal;
}

/** The server's part of /status; numbers and text only, amounts in satoshis. */
export function jdServerStatus(sources: Sources): Readonly<Record<string, unknown>> {
  const { declarations, bench, desk, tally, journal } = sources;
  const { connections, liveTokens, pending, jobs: recent, jobBytes } = declarations.view();
  const { tokens, outcomes, solutions, jobs } = tally.status();
  const { tip } = bench;
  return {
    connections,
    tip: tip === undefined ? null : { height: tip.height, hash: displayHash(tip.hash) },
    tokens: { ...tokens, live: liveTokens },
    declarations: { pending, outcomes },
    jobs: { recent, bytes: jobBytes, latest: jobs },
    solutions,
    blocks: desk.list(),
    nodes: bench.status(),
    journal: { ...journal.state, position: journal.position, watermark: journal.watermark },
  };
}
