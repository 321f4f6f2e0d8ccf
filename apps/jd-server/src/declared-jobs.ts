import {
  BitcoinError,
  blockSubsidy,
  displayHash,
  encodeHeader,
  identifyTransaction,
  joinCoinbase,
  type Network,
} from '@sv2kit/bitcoin';
import { TransactionCursor } from '@sv2kit/bitcoin-node';
import { nameOfWorker } from '@sv2kit/ledger';
import { coinbaseOutputs, coinbaseView } from '@sv2kit/mining-server';
import { type JobDetail, type JobView, type KnownTransaction, transactionsView } from '@sv2kit/monitor';
import type { NodeBench } from './node-bench.ts';
import type { ListedJob, Tally } from './tally.ts';

export interface DeclaredJobsParts {
  readonly bench: Pick<NodeBench, 'block' | 'tip'>;
  readonly tally: Pick<Tally, 'jobs'>;
  readonly chain: Network;
}

/** A job that was declared lately. */
export function jobView(job: ListedJob, { bench, chain }: DeclaredJobsParts): JobView {
  const { id, height, transactions, declaredAtMs, userIdentity, value, parts, prevHash } = job;
  const outputs = coinbaseOutputs(parts, chain);
  const fees = value - Number(blockSubsidy(height, chain));
  return {
    id: String(id),
    origin: 'declared',
    kind: 'full-template',
    state: bench.tip !== undefined && height <= bench.tip.height ? 'stale' : 'active',
    height,
    prevHash: displayHash(prevHash),
    transactions,
    // Signets may have rules of their own.
    ...(fees >= 0 && { fees }),
    createdAtMs: declaredAtMs,
    user: nameOfWorker(userIdentity).user,
    ...(outputs !== undefined && { coinbaseOutputs: outputs }),
  };
}

/** One of them with its transactions, as long as a block may be found on it. */
export async function jobDetail(id: string, parts: DeclaredJobsParts): Promise<JobDetail | undefined> {
  const job = parts.tally.jobs.find((each) => String(each.id) === id);
  if (job === undefined) return undefined;
  const contents = await transactionsView(await transactionsOf(job, parts.bench));
  return { ...jobView(job, parts), coinbase: coinbaseView(job.parts), ...contents };
}

/** From the block that the node's checker puts together; undefined once it has let it go. */
async function transactionsOf(
  { handle, parts, segwit }: ListedJob,
  bench: DeclaredJobsParts['bench'],
): Promise<KnownTransaction[] | undefined> {
  const coinbase = joinCoinbase(parts, new Uint8Array(parts.extranonceSize), { segwit });
  const block = await bench.block(handle, HEADER, coinbase).catch(() => undefined);
  if (block === undefined) return undefined;
  try {
    const cursor = new TransactionCursor(block, HEADER.length);
    const count = cursor.count();
    const all = Array.from({ length: count }, () => cursor.transaction());
    return all.slice(1).map(known);
  } catch (error) {
    if (error instanceof RangeError || error instanceof BitcoinError) return undefined;
    throw error;
  }
}

/** Its ids are worked out when it is told. */
function known(data: Uint8Array): KnownTransaction {
  let ids: ReturnType<typeof identifyTransaction> | undefined;
  const identified = () => {
    ids ??= identifyTransaction(data);
    return ids;
  };
  return {
    data,
    get txid() {
      return identified().txid;
    },
    get wtxid() {
      return identified().wtxid;
    },
    get weight() {
      return identified().weight;
    },
  };
}

const NOTHING = new Uint8Array(32);
/** Nobody looks at it. */
const HEADER = encodeHeader({ version: 0, prevHash: NOTHING, merkleRoot: NOTHING, ntime: 0, nbits: 0, nonce: 0 });
